// What may be shown to people and to their programs: well-formed UTF-8 that steers no
// terminal. Names that come from outside are held to it, messages are brought to it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringway {

// Bytes of the well-formed UTF-8 character that `text` begins with; 0: none. Requires text.
std::size_t utf8_length(std::string_view text);

// One character: U+0000 to U+001F, U+007F to U+009F.
bool is_control(std::string_view character);

// Nothing but well-formed characters that are no controls.
bool is_plain_text(std::string_view text);

// The same text with what is not plain in it as \n or \x1b.
std::string visible(std::string_view text);

}  // namespace ringway
