// memcached's text protocol once more, written apart from src/proto on purpose: two
// readings of one protocol find the errors of either. For simulated servers and
// clients, which meet whole lines and bodies or nothing.
#pragma once

#include <charconv>
#include <cstdint>
#include <vector>

#include "ringway/base/bytes.h"

namespace ringway::sim {

enum class Framed : std::uint8_t { incomplete, complete, broken };

// A command line in words, with its data block where the command has one.
struct WireRequest {
  std::vector<Bytes> words;
  Bytes value;
  std::size_t size = 0;  // Of the whole, in bytes.

  Bytes verb() const { return words.empty() ? Bytes() : words[0]; }
  Bytes word(std::size_t i) const { return i < words.size() ? words[i] : Bytes(); }
  bool noreply() const { return words.size() > 1 && words.back() == "noreply"; }
};

inline void split_words(Bytes line, std::vector<Bytes>& words) {
  words.clear();
  while (!line.empty()) {
    const auto space = line.find(' ');
    if (space != 0) words.push_back(line.substr(0, space));
    if (space == Bytes::npos) return;
    line.remove_prefix(space + 1);
  }
}

// The line at the front without its CRLF; false if it is not complete.
inline bool take_line(Bytes input, Bytes& line) {
  const auto end = input.find("\r\n");
  if (end == Bytes::npos) return false;
  line = input.substr(0, end);
  return true;
}

template <typename Number>
bool to_number(Bytes word, Number& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc{} && end == word.data() + word.size() && !word.empty();
}

// Where a command says how long its data block is; 0: it has none.
inline std::size_t length_word(Bytes verb) {
  for (const Bytes storage : {"set", "add", "replace", "append", "prepend", "cas"})
    if (verb == storage) return 4;
  return verb == "ms" ? 2 : 0;
}

inline Framed next_request(Bytes input, WireRequest& out) {
  Bytes line;
  if (!take_line(input, line)) return Framed::incomplete;
  split_words(line, out.words);
  out.size = line.size() + 2;
  out.value = {};
  const std::size_t at = length_word(out.verb());
  if (at == 0) return Framed::complete;
  std::size_t length = 0;
  if (!to_number(out.word(at), length)) return Framed::broken;
  if (input.size() < out.size + length + 2) return Framed::incomplete;
  out.value = input.substr(out.size, length);
  if (input.substr(out.size + length, 2) != "\r\n") return Framed::broken;
  out.size += length + 2;
  return Framed::complete;
}

// "VALUE <key> <flags> <bytes> [<cas>]" and its block, or any other line.
struct WireReply {
  Bytes line;
  bool is_value = false;
  Bytes key;
  std::uint64_t flags = 0;
  Bytes value;
  std::size_t size = 0;
};

inline Framed next_reply(Bytes input, WireReply& out) {
  out = {};
  if (!take_line(input, out.line)) return Framed::incomplete;
  out.size = out.line.size() + 2;
  if (!out.line.starts_with("VALUE ")) return Framed::complete;
  static thread_local std::vector<Bytes> words;
  split_words(out.line, words);
  std::size_t length = 0;
  if (words.size() < 4 || words.size() > 5 || !to_number(words[2], out.flags) ||
      !to_number(words[3], length))
    return Framed::broken;
  if (input.size() < out.size + length + 2) return Framed::incomplete;
  out.is_value = true;
  out.key = words[1];
  out.value = input.substr(out.size, length);
  if (input.substr(out.size + length, 2) != "\r\n") return Framed::broken;
  out.size += length + 2;
  return Framed::complete;
}

}  // namespace ringway::sim
