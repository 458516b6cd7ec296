// Keys as operators type and read them. A key is any bytes; a word of the command line
// or of a URL is not, so there is an encoded form for each.
#pragma once

#include <string>
#include <string_view>

#include "ringway/base/bytes.h"
#include "ringway/base/result.h"

namespace ringway::cli {

// "b64:dXNlcjox" -> "user:1"; any other word is the key itself. With `base64` every
// word is encoded and none has the prefix.
Result<std::string> key_of_word(std::string_view word, bool base64);

// The inverse, for words that the command line would not leave alone.
std::string word_of_key(Bytes key);

std::string base64(Bytes bytes);

// For people: the bytes that are not printable ASCII, and backslashes, as \xNN.
std::string shown(Bytes key);

std::string percent_encoded(Bytes bytes);

// Why no memcached takes this key; empty if it does.
std::string why_not_memcached(Bytes key);

}  // namespace ringway::cli
