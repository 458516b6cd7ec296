// memcached's text protocol, as a client that believes nothing: each VALUE must
// be the next key asked for, with the flags, length and bytes the rule gives it.
#include <array>
#include <charconv>
#include <cstdio>

#include "bench/load/protocol.h"

namespace ringway::bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t line_bytes_max = 2048;
constexpr std::uint64_t complaints_max = 10;

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

// The first few mistakes are worth seeing; millions are not.
void complain(const char* what, std::string_view detail) {
  static std::uint64_t complaints = 0;
  if (++complaints > complaints_max) return;
  std::fprintf(stderr, "bench_load: %s: %.*s\n", what,
               static_cast<int>(std::min<std::size_t>(detail.size(), 120)), detail.data());
}

struct ValueLine {
  std::string_view key;
  std::uint64_t flags = 0;
  std::size_t size = 0;
};

template <typename Number>
bool take_number(std::string_view& text, Number& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return true;
}

// "VALUE <key> <flags> <bytes>" and nothing behind it: nobody asked for a cas.
bool parse_value_line(std::string_view line, ValueLine& out) {
  line.remove_prefix(std::string_view("VALUE ").size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return false;
  out.key = line.substr(0, space);
  line.remove_prefix(space + 1);
  if (!take_number(line, out.flags) || !line.starts_with(' ')) return false;
  line.remove_prefix(1);
  return take_number(line, out.size) && line.empty();
}

class Memcached final : public Protocol {
 public:
  explicit Memcached(const KeySet& keys) : keys_(keys) {}

  void append(std::string& out, const Request& request) const override {
    if (request.kind == Kind::set) return append_set(out, request.keys.front());
    out += "get";
    for (const KeyId key : request.keys) out.append(" ").append(keys_.name(key));
    out += line_end;
  }

  Step read(Owed& owed, std::string_view input, Counts& counts) const override {
    std::size_t used = 0;
    for (;;) {
      const std::string_view rest = input.substr(used);
      const Step step =
          owed.value_left > 0 ? read_value(owed, rest, counts) : read_line(owed, rest, counts);
      used += step.used;
      if (step.progress != Progress::incomplete || step.used == 0) return {used, step.progress};
    }
  }

 private:
  void append_set(std::string& out, KeyId key) const {
    const Shape& shape = keys_.shape(key);
    out.append("set ").append(keys_.name(key)).append(" ");
    append_number(out, shape.flags);
    out += " 0 ";
    append_number(out, shape.size);
    out += line_end;
    append_value(out, keys_.name(key), shape);
    out += line_end;
  }

  Step read_line(Owed& owed, std::string_view input, Counts& counts) const {
    const auto newline = input.find('\n');
    if (newline == std::string_view::npos) {
      if (input.size() <= line_bytes_max) return {0, Progress::incomplete};
      return broken(counts.malformed, "line without end", input);
    }
    if (newline == 0 || input[newline - 1] != '\r') {
      return broken(counts.malformed, "line without CR", input.substr(0, newline));
    }
    const std::string_view line = input.substr(0, newline - 1);
    const Progress progress = judge_line(owed, line, counts);
    return {newline + 1, progress};
  }

  Progress judge_line(Owed& owed, std::string_view line, Counts& counts) const {
    if (owed.requests.empty()) {
      return broken(counts.unexpected, "reply to nothing", line).progress;
    }
    const Pending& pending = owed.requests.front();
    const bool is_get = pending.kind == Kind::get;
    if (is_get && line.starts_with("VALUE ")) return judge_value_line(owed, line, counts);
    if (is_get && line == "END") {
      counts.misses += pending.keys - owed.keys_seen;
      return Progress::settled;
    }
    if (!is_get && line == "STORED") return Progress::settled;
    if (line.starts_with("SERVER_ERROR ")) {
      complain("server error", line);
      ++counts.server_errors;
      return Progress::settled;
    }
    if (line.starts_with("CLIENT_ERROR ") || line == "ERROR") {
      complain("client error", line);
      ++counts.client_errors;
      return Progress::settled;
    }
    return broken(counts.malformed, is_get ? "no reply to a get" : "no reply to a set", line)
        .progress;
  }

  Progress judge_value_line(Owed& owed, std::string_view line, Counts& counts) const {
    ValueLine value;
    if (!parse_value_line(line, value)) {
      return broken(counts.malformed, "bad value line", line).progress;
    }
    owed.value_size = value.size;
    owed.value_left = value.size + line_end.size();
    owed.value_judged = !is_next_key(owed, value.key, counts);
    if (owed.value_judged) {
      complain("wrong key", line);
      ++counts.wrong_key;
      return Progress::incomplete;
    }
    const Shape& shape = keys_.shape(owed.keys[owed.keys_seen++]);
    if (shape.flags != value.flags) {
      complain("wrong flags", line);
      ++counts.wrong_flags;
    }
    if (shape.size != value.size) {
      complain("wrong length", line);
      ++counts.wrong_length;
      owed.value_judged = true;
    }
    return Progress::incomplete;
  }

  // Servers answer in the order asked; keys passed over on the way are misses.
  bool is_next_key(Owed& owed, std::string_view key, Counts& counts) const {
    const std::uint32_t asked = owed.requests.front().keys;
    for (std::uint32_t i = owed.keys_seen; i < asked; ++i) {
      if (keys_.name(owed.keys[i]) != key) continue;
      counts.misses += i - owed.keys_seen;
      owed.keys_seen = i;
      return true;
    }
    return false;
  }

  // Judges the bytes at hand and forgets them, so that a large value is never gathered.
  Step read_value(Owed& owed, std::string_view input, Counts& counts) const {
    const std::size_t count = std::min(input.size(), owed.value_left);
    const std::size_t from = owed.value_size + line_end.size() - owed.value_left;
    const std::size_t inside = from < owed.value_size ? std::min(count, owed.value_size - from) : 0;
    if (!owed.value_judged) judge_content(owed, from, input.substr(0, inside), counts);
    for (std::size_t i = inside; i < count; ++i) {
      if (input[i] == line_end[from + i - owed.value_size]) continue;
      return broken(counts.malformed, "value without line end", input.substr(i, count - i));
    }
    owed.value_left -= count;
    if (owed.value_left == 0 && !owed.value_judged) ++counts.hits;
    return {count, Progress::incomplete};
  }

  void judge_content(Owed& owed, std::size_t from, std::string_view part, Counts& counts) const {
    const KeyId key = owed.keys[owed.keys_seen - 1];
    if (value_matches(keys_.name(key), keys_.shape(key), from, part)) return;
    complain("wrong content", keys_.name(key));
    ++counts.wrong_content;
    owed.value_judged = true;
  }

  static Step broken(std::uint64_t& counter, const char* what, std::string_view detail) {
    complain(what, detail);
    ++counter;
    return {0, Progress::broken};
  }

  const KeySet& keys_;
};

}  // namespace

std::unique_ptr<Protocol> make_memcached_protocol(const KeySet& keys) {
  return std::make_unique<Memcached>(keys);
}

}  // namespace ringway::bench
