// See values.h. Every complaint says what was expected, what was found, and where
// it can be guessed what to write instead.
#include "config/values.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "ringway/config/units.h"

#include "config/nearest.h"
#include "config/variables.h"

namespace ringway::config {
namespace {

constexpr std::string_view off = "off";

bool is_off(const Node& node) {
  return node.kind == NodeKind::text && node.text == off;
}

bool is_number(const Node& node) {
  return node.kind == NodeKind::integer || node.kind == NodeKind::real;
}

std::string number_text(const Node& node) {
  return node.kind == NodeKind::integer ? fmt::format("{}", node.integer)
                                        : fmt::format("{}", node.real);
}

Verdict outside(std::string_view value, const std::string& min, const std::string& max) {
  return Complaint{fmt::format("{} is out of range", value),
                   fmt::format("it may be from {} to {}", min, max)};
}

bool within(std::uint64_t value, const Limits& limits) {
  return value >= static_cast<std::uint64_t>(limits.min) &&
         value <= static_cast<std::uint64_t>(limits.max);
}

bool bounded(const Limits& limits) {
  return limits.max != Limits{}.max;
}

// Text with a unit; a bare number gets the hint that it most likely deserves.
Verdict unit_text(const Node& node, std::string_view kind, std::string_view example,
                  std::string_view unit) {
  if (node.kind == NodeKind::text) return std::nullopt;
  if (is_number(node)) {
    const auto number = number_text(node);
    return wrong_kind(node, kind, fmt::format("give it a unit: \"{}{}\"", number, unit));
  }
  return wrong_kind(node, kind, fmt::format("write it as \"{}\"", example));
}

// As people write units elsewhere.
constexpr std::pair<std::string_view, std::string_view> other_units[] = {
    {"sec", "s"},   {"secs", "s"},    {"second", "s"},  {"seconds", "s"}, {"S", "s"},
    {"msec", "ms"}, {"MS", "ms"},     {"millis", "ms"}, {"usec", "us"},   {"min", "m"},
    {"mins", "m"},  {"minutes", "m"}, {"hour", "h"},    {"hours", "h"},   {"days", "d"},
    {"b", "B"},     {"bytes", "B"},   {"k", "KiB"},     {"K", "KiB"},     {"kb", "KiB"},
    {"kB", "KiB"},  {"KB", "KiB"},    {"mb", "MiB"},    {"M", "MiB"},     {"MB", "MiB"},
    {"g", "GiB"},   {"gb", "GiB"},    {"G", "GiB"},     {"GB", "GiB"}};

// What was most likely meant by text that is no value: the same with a unit that there is.
template <typename Parse>
std::string unit_hint(std::string_view text, std::string_view unit, std::string_view example,
                      Parse parse) {
  std::string close;
  for (const char c : text) {
    if (c != ' ' && c != '_') close += c;
  }
  const auto end = std::min(close.find_first_not_of("0123456789."), close.size());
  const std::string number = close.substr(0, end);
  const std::string name = close.substr(end);
  if (parse(close)) return fmt::format("write \"{}\"", close);
  if (name.empty() && parse(number + std::string(unit))) {
    return fmt::format("give it a unit: \"{}{}\"", number, unit);
  }
  for (const auto& [other, ours] : other_units) {
    const std::string meant = number + std::string(ours);
    if (name == other && parse(meant)) return fmt::format("write \"{}\"", meant);
  }
  return fmt::format("write it as \"{}\"", example);
}

Verdict read_duration(const Node& node, const Limits& limits, Duration& into) {
  if (auto wrong = unit_text(node, "a duration", "500ms", "ms")) return wrong;
  const auto value = parse_duration(node.text);
  if (!value) return Complaint{value.error(), unit_hint(node.text, "ms", "500ms", parse_duration)};
  if (!within(static_cast<std::uint64_t>(value->count()), limits)) {
    return outside(node.text, print_duration(Duration(limits.min)),
                   print_duration(Duration(limits.max)));
  }
  into = *value;
  return std::nullopt;
}

Verdict read_size(const Node& node, const Limits& limits, std::uint64_t& into) {
  if (auto wrong = unit_text(node, "a size", "16MiB", "B")) return wrong;
  const auto value = parse_size(node.text);
  if (!value) return Complaint{value.error(), unit_hint(node.text, "B", "16MiB", parse_size)};
  if (!within(*value, limits)) {
    return outside(node.text, print_size(static_cast<std::uint64_t>(limits.min)),
                   print_size(static_cast<std::uint64_t>(limits.max)));
  }
  into = *value;
  return std::nullopt;
}

// A complaint about a value that may also be "off" says so.
Verdict or_off(Verdict verdict) {
  if (!verdict) return verdict;
  if (!verdict->hint.empty()) verdict->hint += "; ";
  verdict->hint += "\"off\" is no limit";
  return verdict;
}

}  // namespace

Complaint wrong_kind(const Node& node, std::string_view expected, std::string hint) {
  return {fmt::format("expected {}, not {}", expected, described(node)), std::move(hint)};
}

Complaint not_yet(std::string_view word, const std::vector<std::string_view>& today) {
  return {fmt::format("{} is not yet supported", quoted(word)), "write " + one_of(today)};
}

Complaint with_hint(const std::string& error, std::string hint) {
  const auto split = error.find(": write ");
  if (split == error.npos) return {error, std::move(hint)};
  return {error.substr(0, split), error.substr(split + 2)};
}

std::string one_of(const std::vector<std::string_view>& known) {
  std::string all;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i != 0) all += i + 1 == known.size() ? " or " : ", ";
    all += quoted(known[i]);
  }
  return all;
}

Choice choose(const Node& node, const std::vector<std::string_view>& known) {
  const auto first = fmt::format("write one of them in quotes, such as {}", quoted(known[0]));
  if (node.kind != NodeKind::text) return {0, wrong_kind(node, one_of(known), first)};
  const auto found = std::ranges::find(known, node.text);
  if (found != known.end()) return {static_cast<std::size_t>(found - known.begin()), {}};
  const auto near = nearest(node.text, known);
  return {0, Complaint{fmt::format("\"{}\" is none of {}", node.text, one_of(known)),
                       near.empty() ? first : fmt::format("did you mean \"{}\"?", near)}};
}

Verdict read_value(const Node& node, const Limits&, std::string& into) {
  if (node.kind != NodeKind::text) {
    const bool plain = is_number(node) || node.kind == NodeKind::truth;
    const auto value = is_number(node) ? number_text(node) : described(node);
    return wrong_kind(node, "text",
                      plain ? fmt::format("write \"{}\"", value) : "write one text in quotes");
  }
  into = node.text;
  return std::nullopt;
}

namespace {

std::string truth_hint(const Node& node) {
  for (const std::string_view yes : {"true", "yes", "on", "True"}) {
    if (node.text == yes) return "write true, without quotes";
  }
  return "write true or false, without quotes";
}

std::string number_hint(const Node& node) {
  const bool digits = node.kind == NodeKind::text && !node.text.empty() &&
                      node.text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? fmt::format("write {}, without quotes", node.text)
                : "write digits alone, without quotes or unit";
}

}  // namespace

Verdict read_value(const Node& node, const Limits&, bool& into) {
  if (node.kind != NodeKind::truth) return wrong_kind(node, "true or false", truth_hint(node));
  into = node.truth;
  return std::nullopt;
}

Verdict read_value(const Node& node, const Limits& limits, std::uint32_t& into) {
  if (node.kind != NodeKind::integer) {
    return wrong_kind(node, "a whole number", number_hint(node));
  }
  const auto max = std::min<std::int64_t>(limits.max, std::numeric_limits<std::uint32_t>::max());
  if (node.integer < limits.min || node.integer > max) {
    return outside(fmt::format("{}", node.integer), fmt::format("{}", limits.min),
                   fmt::format("{}", max));
  }
  into = static_cast<std::uint32_t>(node.integer);
  return std::nullopt;
}

Verdict read_value(const Node& node, const Limits& limits, std::uint64_t& into) {
  return read_size(node, limits, into);
}

Verdict read_value(const Node& node, const Limits& limits, Duration& into) {
  return read_duration(node, limits, into);
}

Verdict read_value(const Node& node, const Limits& limits, MaybeBytes& into) {
  std::uint64_t value = 0;
  if (!is_off(node)) {
    if (auto wrong = read_size(node, limits, value)) return or_off(wrong);
    into = value;
  } else {
    into.reset();
  }
  return std::nullopt;
}

Verdict read_value(const Node& node, const Limits& limits, MaybeCount& into) {
  std::uint32_t value = 0;
  if (!is_off(node)) {
    if (auto wrong = read_value(node, limits, value)) return or_off(wrong);
    into = value;
  } else {
    into.reset();
  }
  return std::nullopt;
}

Verdict read_value(const Node& node, const Limits& limits, MaybeTime& into) {
  Duration value{};
  if (!is_off(node)) {
    if (auto wrong = read_duration(node, limits, value)) return or_off(wrong);
    into = value;
  } else {
    into.reset();
  }
  return std::nullopt;
}

namespace {

// Who writes 0.5 means half; who writes 50 means the same.
std::string share_hint(const Node& node) {
  if (node.kind == NodeKind::real && node.real <= 1) {
    return fmt::format("write \"{:.6g}%\"", node.real * 100);
  }
  if (is_number(node)) return fmt::format("write \"{}%\"", number_text(node));
  const bool bare = node.kind == NodeKind::text && parse_share(node.text + "%").has_value();
  return bare ? fmt::format("write \"{}%\"", node.text) : "write a share such as \"10%\"";
}

}  // namespace

Verdict read_value(const Node& node, const Limits&, double& into) {
  if (node.kind != NodeKind::text) return wrong_kind(node, "a share", share_hint(node));
  const auto value = parse_share(node.text);
  if (!value) return Complaint{value.error(), share_hint(node)};
  into = *value;
  return std::nullopt;
}

Verdict read_value(const Node& node, const Limits& limits, std::vector<std::string>& into) {
  std::vector<std::string> all;
  if (node.kind == NodeKind::text) {
    all.push_back(node.text);
  } else if (node.kind == NodeKind::list) {
    for (const Node& item : node.items) {
      if (auto wrong = read_value(item, limits, all.emplace_back())) return wrong;
    }
  } else {
    return wrong_kind(node, "one text or a list of them", "write [\"one\", \"two\"]");
  }
  into = std::move(all);
  return std::nullopt;
}

Verdict read_file_mode(const Node& node, std::uint32_t& into) {
  constexpr std::string_view octal = "01234567";
  if (node.kind != NodeKind::text) {
    return wrong_kind(node, "permissions as text", "write \"0660\"");
  }
  const bool fits = node.text.size() == 4 && node.text.front() == '0' &&
                    node.text.find_first_not_of(octal) == std::string::npos;
  if (!fits) {
    return Complaint{fmt::format("\"{}\" is not a file mode", node.text), "write \"0660\""};
  }
  into = static_cast<std::uint32_t>(std::stoul(node.text, nullptr, 8));
  return std::nullopt;
}

std::string print_file_mode(std::uint32_t mode) {
  return quoted(fmt::format("{:04o}", mode));
}

namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string quoted(std::string_view text) {
  return in_quotes(without_variables(text));
}

std::string quoted_key(std::string_view key) {
  constexpr std::string_view bare =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const bool fits = !key.empty() && key.find_first_not_of(bare) == key.npos;
  return fits ? std::string(key) : in_quotes(key);
}

std::string print_value(const std::string& value) {
  return quoted(value);
}
std::string print_value(bool value) {
  return value ? "true" : "false";
}
std::string print_value(std::uint32_t value) {
  return fmt::format("{}", value);
}
std::string print_value(std::uint64_t value) {
  return quoted(print_size(value));
}
std::string print_value(const MaybeBytes& value) {
  return value ? print_value(*value) : quoted(off);
}
std::string print_value(const MaybeCount& value) {
  return value ? print_value(*value) : quoted(off);
}
std::string print_value(Duration value) {
  return quoted(print_duration(value));
}
std::string print_value(const MaybeTime& value) {
  return value ? print_value(*value) : quoted(off);
}
std::string print_value(double value) {
  return quoted(print_share(value));
}

std::string print_value(const std::vector<std::string>& value) {
  std::string out;
  for (const std::string& item : value) out += (out.empty() ? "" : ", ") + quoted(item);
  return "[" + out + "]";
}

std::string form_of(const std::string*, const Limits&) {
  return "text";
}
std::string form_of(const bool*, const Limits&) {
  return "true or false";
}

std::string form_of(const std::uint32_t*, const Limits& limits) {
  if (bounded(limits)) return fmt::format("{} to {}", limits.min, limits.max);
  return fmt::format("a number from {}", limits.min);
}

std::string form_of(const std::uint64_t*, const Limits& limits) {
  if (!bounded(limits)) return "size";
  return fmt::format("size, at most {}", print_size(static_cast<std::uint64_t>(limits.max)));
}

std::string form_of(const MaybeBytes*, const Limits&) {
  return "size or \"off\"";
}
std::string form_of(const MaybeCount*, const Limits& limits) {
  return form_of(static_cast<const std::uint32_t*>(nullptr), limits) + " or \"off\"";
}
std::string form_of(const Duration*, const Limits&) {
  return "duration";
}
std::string form_of(const MaybeTime*, const Limits&) {
  return "duration or \"off\"";
}
std::string form_of(const double*, const Limits&) {
  return "share";
}
std::string form_of(const std::vector<std::string>*, const Limits&) {
  return "one text or a list";
}

}  // namespace ringway::config
