#include "bench/fake/session.h"

#include <array>
#include <charconv>

namespace ringway::bench {
namespace {

constexpr std::string_view line_end = "\r\n";

// The next word of `text`, which shrinks; empty at its end. Runs of spaces are
// one gap: nutcracker ends its multi-gets with a space.
std::string_view next_word(std::string_view& text) {
  const auto start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return text = {};
  const auto end = std::min(text.find(' ', start), text.size());
  const std::string_view word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

template <typename Number>
bool parse_number(std::string_view word, Number& out) {
  const char* const end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

bool is_store(std::string_view command) {
  return command == "set" || command == "add" || command == "replace" || command == "append" ||
         command == "prepend" || command == "cas";
}

struct Fixed {
  std::string_view command;
  std::string_view reply;
};

// Commands whose answer never depends on their arguments.
constexpr std::array<Fixed, 8> fixed_replies = {{{"delete", "DELETED\r\n"},
                                                 {"touch", "TOUCHED\r\n"},
                                                 {"incr", "1\r\n"},
                                                 {"decr", "1\r\n"},
                                                 {"flush_all", "OK\r\n"},
                                                 {"verbosity", "OK\r\n"},
                                                 {"version", "VERSION fake\r\n"},
                                                 {"mn", "MN\r\n"}}};

std::string_view fixed_reply(std::string_view command) {
  for (const Fixed& fixed : fixed_replies) {
    if (fixed.command == command) return fixed.reply;
  }
  return {};
}

}  // namespace

std::size_t Session::consume(std::string_view input, std::string& out) {
  const std::size_t given = input.size();
  while (!input.empty() && !closing_) {
    if (incoming_.left > 0) {
      input.remove_prefix(take_value(input, out));
      continue;
    }
    const auto newline = input.find('\n');
    if (newline == std::string_view::npos) break;
    std::string_view line = input.substr(0, newline);
    if (line.ends_with('\r')) line.remove_suffix(1);
    on_line(line, out);
    input.remove_prefix(newline + 1);
  }
  return given - input.size();
}

void Session::on_line(std::string_view line, std::string& out) {
  std::string_view rest = line;
  const std::string_view command = next_word(rest);
  ++answered_;
  if (command == "get") return on_get(rest, false, out);
  if (command == "gets") return on_get(rest, true, out);
  if (is_store(command)) return on_store(rest, out);
  if (command == "mg") return on_meta_get(rest, out);
  if (command == "gat" || command == "gats") {
    next_word(rest);  // The new expiry time.
    return on_get(rest, command == "gats", out);
  }
  if (command == "stats") {
    out += "END\r\n";
    return;
  }
  if (command == "quit") {
    closing_ = true;
    return;
  }
  const std::string_view reply = fixed_reply(command);
  if (!line.ends_with(" noreply")) out += reply.empty() ? "ERROR\r\n" : reply;
}

void Session::on_get(std::string_view keys, bool with_cas, std::string& out) {
  for (std::string_view key = next_word(keys); !key.empty(); key = next_word(keys)) {
    const Shape shape = settings_.rule.shape(key);
    out.append("VALUE ").append(key).append(" ");
    append_number(out, shape.flags);
    out += ' ';
    append_number(out, shape.size);
    if (with_cas) out += " 1";
    out += line_end;
    append_value(out, key, shape);
    out += line_end;
  }
  out += "END\r\n";
}

// Just enough of the meta protocol to be asked "mg KEY v" by other programs.
void Session::on_meta_get(std::string_view arguments, std::string& out) {
  const std::string_view key = next_word(arguments);
  const Shape shape = settings_.rule.shape(key);
  bool with_value = false;
  for (std::string_view flag = next_word(arguments); !flag.empty(); flag = next_word(arguments)) {
    with_value |= flag == "v";
  }
  if (!with_value) {
    out += "HD\r\n";
    return;
  }
  out += "VA ";
  append_number(out, shape.size);
  out += line_end;
  append_value(out, key, shape);
  out += line_end;
}

void Session::on_store(std::string_view arguments, std::string& out) {
  const std::string_view key = next_word(arguments);
  const std::string_view flags_word = next_word(arguments);
  next_word(arguments);  // The expiry time.
  std::uint64_t flags = 0;
  std::uint32_t size = 0;
  if (!parse_number(flags_word, flags) || !parse_number(next_word(arguments), size)) {
    out += "CLIENT_ERROR bad command line format\r\n";
    return;
  }
  incoming_ = Incoming{.left = std::size_t{size} + line_end.size(),
                       .size = size,
                       .key = settings_.check ? std::string(key) : std::string(),
                       .quiet = arguments.ends_with("noreply")};
  if (!settings_.check) return;
  incoming_.expected = settings_.rule.shape(key);
  incoming_.right = incoming_.expected.size == size && incoming_.expected.flags == flags;
}

std::size_t Session::take_value(std::string_view input, std::string& out) {
  Incoming& in = incoming_;
  const std::size_t count = std::min(input.size(), in.left);
  const std::size_t from = in.size + line_end.size() - in.left;
  const std::size_t inside = from < in.size ? std::min(count, in.size - from) : 0;
  if (settings_.check && in.right) {
    in.right = value_matches(in.key, in.expected, from, input.substr(0, inside));
  }
  for (std::size_t i = inside; i < count; ++i) {
    in.terminated &= input[i] == line_end[from + i - in.size];
  }
  in.left -= count;
  if (in.left > 0 || in.quiet) return count;
  if (!in.terminated) {
    out += "CLIENT_ERROR bad data chunk\r\n";
  } else {
    out += in.right ? "STORED\r\n" : "CLIENT_ERROR the value does not follow the rule\r\n";
  }
  return count;
}

}  // namespace ringway::bench
