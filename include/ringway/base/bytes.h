// Bytes that somebody else owns: what parsers read and what is appended to
// buffers. A view never outlives the turn in which it was handed out.
#pragma once

#include <string_view>

namespace ringway {

// Protocol text and payloads alike: a view of raw bytes, not necessarily text.
using Bytes = std::string_view;

}  // namespace ringway
