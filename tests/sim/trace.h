// Everything that happens in a run, boiled down to one number: two runs of one
// seed must end with the same hash. With text on, every line is printed as well;
// that is what `scripts/sim SEED` shows.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "ringway/base/bytes.h"
#include "ringway/base/time.h"

namespace ringway::sim {

inline std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9fb21c651e98df25u;
  return hash ^ (hash >> 32);
}

inline std::uint64_t mixed(std::uint64_t hash, Bytes bytes) {
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hash = mixed(hash, word);
    bytes.remove_prefix(8);
  }
  std::uint64_t word = bytes.size();
  if (!bytes.empty()) std::memcpy(reinterpret_cast<char*>(&word) + 1, bytes.data(), bytes.size());
  return mixed(hash, word);
}

// A literal whose hash is known when it is compiled.
struct Word {
  consteval Word(const char* literal) : text(literal), hash(0xcbf29ce484222325u) {
    for (const char* c = literal; *c != 0; ++c)
      hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001b3u;
  }
  const char* text;
  std::uint64_t hash;
};

class Trace {
 public:
  explicit Trace(bool text) : text_(text) {}

  void note(Instant now, Word what, std::int64_t a = 0, std::int64_t b = 0, std::int64_t c = 0) {
    hash_ = mixed(hash_, what.hash);
    hash_ = mixed(hash_, static_cast<std::uint64_t>(now.time_since_epoch().count()));
    hash_ = mixed(hash_, static_cast<std::uint64_t>(a) ^ (static_cast<std::uint64_t>(b) << 24) ^
                             (static_cast<std::uint64_t>(c) << 40));
    ++lines_;
    if (text_) [[unlikely]]
      print(now, what, a, b, c);
  }
  void note(Instant now, Word what, std::int64_t a, Bytes bytes) {
    hash_ = mixed(hash_, bytes);
    note(now, what, a, static_cast<std::int64_t>(bytes.size()));
    if (text_) [[unlikely]]
      print(bytes);
  }

  bool text() const { return text_; }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t lines() const { return lines_; }

 private:
  static void print(Instant now, Word what, std::int64_t a, std::int64_t b, std::int64_t c) {
    std::printf("%14.6f ms  %-18s %6lld %8lld %6lld\n",
                static_cast<double>(now.time_since_epoch().count()) / 1e6, what.text,
                static_cast<long long>(a), static_cast<long long>(b), static_cast<long long>(c));
  }
  static void print(Bytes bytes) {
    std::printf("%21s|", "");
    for (char c : bytes.substr(0, 160)) {
      if (c == '\r')
        std::printf("\\r");
      else if (c == '\n')
        std::printf("\\n");
      else
        std::putchar(c >= 32 && c < 127 ? c : '?');
    }
    std::printf("%s\n", bytes.size() > 160 ? " ..." : "");
  }

  bool text_;
  std::uint64_t hash_ = 0;
  std::uint64_t lines_ = 0;
};

}  // namespace ringway::sim
