// What the fake server says to one client: memcached's text protocol, with
// nothing stored. Every get hits with the value the rule gives its key, every
// set is STORED. Pure: bytes in, bytes out; sockets are server.cc's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/common/values.h"

namespace ringway::bench {

struct FakeSettings {
  ValueRule rule;
  bool check = false;  // Refuse stored values that do not follow the rule.
};

class Session {
 public:
  explicit Session(const FakeSettings& settings) : settings_(settings) {}

  // Answers every whole request in `input` into `out`; returns how many bytes
  // were used. The rest is the start of a line: show it again with its end.
  std::size_t consume(std::string_view input, std::string& out);

  bool closing() const { return closing_; }
  std::uint64_t answered() const { return answered_; }

 private:
  // A value on its way in; it is compared and counted, never kept.
  struct Incoming {
    std::size_t left = 0;  // Bytes still to come, with the line end.
    std::size_t size = 0;
    std::string key;
    Shape expected{};
    bool quiet = false;
    bool right = true;       // So far as the rule says.
    bool terminated = true;  // By CR LF.
  };

  void on_line(std::string_view line, std::string& out);
  void on_get(std::string_view keys, bool with_cas, std::string& out);
  void on_store(std::string_view arguments, std::string& out);
  void on_meta_get(std::string_view arguments, std::string& out);
  std::size_t take_value(std::string_view input, std::string& out);

  const FakeSettings& settings_;
  Incoming incoming_;
  std::uint64_t answered_ = 0;
  bool closing_ = false;
};

}  // namespace ringway::bench
