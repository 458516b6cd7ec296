// memcached's text protocol once more, written apart from src/proto on purpose: two
// readings of one protocol find the errors of either. For simulated servers and
// clients, which meet whole lines and bodies or nothing.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "ringway/base/bytes.h"

namespace ringway::sim {

enum class Framed : std::uint8_t { incomplete, complete, broken };

// A command line in words, with its data block where the command has one.
struct WireRequest {
  std::vector<Bytes> words;
  Bytes value;
  std::size_t size = 0;    // Of the whole, in bytes.
  std::size_t wanted = 0;  // What it will be, once its line is there.

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
  out.wanted = 0;
  if (!take_line(input, line)) return Framed::incomplete;
  split_words(line, out.words);
  out.size = line.size() + 2;
  out.value = {};
  const std::size_t at = length_word(out.verb());
  if (at == 0) return Framed::complete;
  std::size_t length = 0;
  if (!to_number(out.word(at), length)) return Framed::broken;
  out.wanted = out.size + length + 2;
  if (input.size() < out.wanted) return Framed::incomplete;
  out.value = input.substr(out.size, length);
  if (input.substr(out.size + length, 2) != "\r\n") return Framed::broken;
  out.size = out.wanted;
  return Framed::complete;
}

// "VALUE <key> <flags> <bytes> [<cas>]" or "VA <bytes> <flag>*" and its block, or
// any other line.
struct WireReply {
  Bytes line;
  std::vector<Bytes> words;
  bool is_value = false;   // VALUE: more of the same reply follows.
  bool has_block = false;  // VALUE or VA.
  Bytes key;               // Of VALUE, as `flags` and `cas`.
  std::uint64_t flags = 0;
  std::uint64_t cas = 0;
  Bytes value;
  std::size_t size = 0;

  Bytes word() const { return words.empty() ? Bytes() : words[0]; }
  // The argument of a meta flag; null data if it is not there.
  Bytes token(char letter) const {
    for (std::size_t i = has_block ? 2 : 1; i < words.size(); ++i)
      if (words[i][0] == letter) return words[i].substr(1);
    return {};
  }
};

inline bool read_value_words(WireReply& out, std::size_t& length) {
  const std::size_t count = out.words.size();
  if (!out.is_value) return count >= 2 && to_number(out.words[1], length);
  if (count < 4 || count > 5 || (count == 5 && !to_number(out.words[4], out.cas))) return false;
  out.key = out.words[1];
  return to_number(out.words[2], out.flags) && to_number(out.words[3], length);
}

inline Framed next_reply(Bytes input, WireReply& out) {
  out.is_value = out.has_block = false;
  out.value = {};
  if (!take_line(input, out.line)) return Framed::incomplete;
  out.size = out.line.size() + 2;
  split_words(out.line, out.words);
  out.is_value = out.word() == "VALUE";
  out.has_block = out.is_value || out.word() == "VA";
  if (!out.has_block) return Framed::complete;
  std::size_t length = 0;
  if (!read_value_words(out, length)) return Framed::broken;
  if (input.size() < out.size + length + 2) return Framed::incomplete;
  out.value = input.substr(out.size, length);
  if (input.substr(out.size + length, 2) != "\r\n") return Framed::broken;
  out.size += length + 2;
  return Framed::complete;
}

// Keys of meta commands with flag b.
inline std::string base64(Bytes plain) {
  static constexpr char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < plain.size() ? static_cast<unsigned char>(plain[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j <= plain.size() ? letters[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace ringway::sim
