// See key_text.h. Base64 is decoded by the protocol's own strict decoder, a group at a
// time, because that one stops at the longest key of memcached.
#include "explain/key_text.h"

#include <algorithm>
#include <fmt/format.h>

#include "ringway/proto/memcached/request.h"

#include "proto/memcached/words.h"

namespace ringway::cli {
namespace {

using proto::memcached::key_bytes_max;

constexpr std::string_view prefix = "b64:";
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Result<std::string> decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    char group[3];
    std::size_t size = 0;
    const std::string_view digits = text.substr(at, 4);
    // Padding elsewhere than at the end is no base64.
    if (!proto::memcached::decode_key(digits, group, size) || (size < 3 && at + 4 < text.size())) {
      return failure(fmt::format("'{}' is not base64", text));
    }
    bytes.append(group, size);
  }
  return bytes;
}

bool printable_ascii(unsigned char byte) {
  return byte >= 0x20 && byte < 0x7f;
}

}  // namespace

Result<std::string> key_of_word(std::string_view word, bool base64) {
  if (base64) return decoded(word);
  if (word.starts_with(prefix)) return decoded(word.substr(prefix.size()));
  return std::string(word);
}

std::string word_of_key(Bytes key) {
  return std::string(prefix) + base64(key);
}

std::string base64(Bytes bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

std::string shown(Bytes key) {
  std::string text;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (printable_ascii(byte) && c != '\\') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  return text;
}

std::string percent_encoded(Bytes bytes) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string text;
  for (const char c : bytes) {
    if (unreserved.find(c) != unreserved.npos) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string why_not_memcached(Bytes key) {
  if (key.empty()) return "memcached takes no empty key";
  if (key.size() > key_bytes_max) {
    return fmt::format("memcached takes keys of at most {} bytes; this one has {}", key_bytes_max,
                       key.size());
  }
  const char* end = key.data() + key.size();
  const char* bad = proto::memcached::key_end(key.data(), end);
  if (bad == end) return "";
  return fmt::format("memcached takes no spaces and control bytes; byte {} is 0x{:02x}",
                     bad - key.data() + 1, static_cast<unsigned char>(*bad));
}

}  // namespace ringway::cli
