// See syntax_hint.h. The first that knows the mistake speaks: another format, a line without
// '=', a value without quotes, what the library describes.
#include "config/syntax_hint.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace ringway::config {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view import_hint =
    "twemproxy's configuration becomes ringway's by: ringway import FILE > ringway.toml";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t i = 1; i < number; ++i) {
    text.remove_prefix(std::min(std::min(text.find('\n'), text.size()) + 1, text.size()));
  }
  return text.substr(0, text.find('\n'));
}

// In the middle of a list that began in a line above.
bool in_list(std::string_view text, std::string_view line) {
  const auto before = text.substr(0, static_cast<std::size_t>(line.data() - text.data()));
  const auto equals = before.rfind('=');
  if (equals == before.npos) return false;
  const auto since = before.substr(equals);
  return std::ranges::count(since, '[') > std::ranges::count(since, ']');
}

// The first line that says something.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    if (!line.empty() && !line.starts_with('#')) return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

// "alpha:", "listen: 127.0.0.1:22121", "--- ".
bool is_yaml(std::string_view line) {
  if (line.starts_with("---") || line.starts_with("%YAML")) return true;
  const auto colon = line.find(':');
  if (colon == line.npos || colon == 0 || line.find('=') < line.find('#')) return false;
  const auto key = line.substr(0, colon);
  return key.find_first_of(" \"'[{") == key.npos &&
         (colon + 1 == line.size() || line[colon + 1] == ' ');
}

// What stands around the place, between signs that no value has; empty within quotes.
std::string_view bare_value(std::string_view line, std::size_t at) {
  constexpr std::string_view ends = " \t\r,[]{}=#\"'";
  const auto equals = line.find('=');
  if (equals == line.npos || at <= equals || line.substr(0, equals).contains('#')) return {};
  at = std::min(at, line.size());
  // The library may point behind what it could not read.
  while (at > equals + 1 && (at == line.size() || ends.contains(line[at]))) --at;
  std::size_t begin = at;
  std::size_t end = at;
  while (begin > equals + 1 && !ends.contains(line[begin - 1])) --begin;
  while (end < line.size() && !ends.contains(line[end])) ++end;
  const auto before = line.substr(equals + 1, begin - equals - 1);
  const bool quoted = std::ranges::count(before, '"') % 2 != 0 || before.contains('\'');
  return quoted ? std::string_view() : trimmed(line.substr(begin, end - begin));
}

// "5" of "timeout = 5 s": the number whose unit stands apart from it.
std::string_view number_before(std::string_view line, std::string_view value) {
  const auto before = line.substr(0, static_cast<std::size_t>(value.data() - line.data()));
  const auto number = trimmed(before.substr(before.find_last_of("=[,{") + 1));
  return number.find_first_not_of("0123456789.") == number.npos ? number : std::string_view();
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

Verdict without_quotes(std::string_view line, const SyntaxError& error) {
  const auto value = bare_value(line, error.column - 1);
  if (value.empty() || value == "true" || value == "false") return std::nullopt;
  const std::string low = lowered(value);
  const auto key = trimmed(line.substr(0, line.find('=')));
  const auto what = fmt::format("{} is no value", value);
  if (low == "true" || low == "yes" || low == "on") return Complaint{what, "write true"};
  if (low == "false" || low == "no") return Complaint{what, "write false"};
  if (all_digits(value) && key != "mode") {
    const auto digits = value.substr(std::min(value.find_first_not_of('0'), value.size() - 1));
    return Complaint{what, fmt::format("write {}", digits)};
  }
  const auto number = number_before(line, value);
  return Complaint{
      fmt::format("{}{}{} stands without quotes", number, number.empty() ? "" : " ", value),
      fmt::format("write \"{}{}\"", number, value)};
}

Verdict without_equals(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with('[')) {
    if (line.contains(']')) return std::nullopt;
    return Complaint{fmt::format("{} is not closed", line), fmt::format("write {}]", line)};
  }
  if (line.contains('=') || line.empty()) return std::nullopt;
  const auto colon = line.find(':');
  const bool pair = colon != line.npos && colon > 0 && line.find_first_of("\"'") > colon;
  if (!pair)
    return Complaint{fmt::format("{} is no line of a configuration", line),
                     "write key = value, or # before a comment"};
  return Complaint{fmt::format("{} has no = in it", line),
                   fmt::format("write {} = ...", trimmed(line.substr(0, colon)))};
}

std::string_view hint_for(std::string_view description, std::string_view line) {
  const std::string low = lowered(description);
  const auto about = [&](std::string_view word) { return low.contains(word); };
  if (std::ranges::count(line, '"') % 2 != 0) return "close the text with \" on the same line";
  if (about("inline table")) {
    return "a table in braces { } must be on one line, without a comma at its end";
  }
  if (about("redefine")) return "give each key and each table once";
  if (about("utf-8") || about("unicode") || about("codepoint")) {
    return "save the file as UTF-8 text";
  }
  if (about("escape")) return "write \\\\ for one \\, or put the text in '...'";
  if (trimmed(line).ends_with('=')) return "write a value behind =, \"\" for none";
  if (about("array")) return "close the list with ], and put commas between its entries";
  return "text stands in quotes, lists in [ ], tables in { } on one line; see "
         "configs/reference.toml";
}

}  // namespace

Complaint explained(const SyntaxError& error, std::string_view text) {
  const auto first = first_line(text);
  if (is_yaml(first)) return {"this is YAML, not TOML", std::string(import_hint)};
  if (first.starts_with('{')) {
    return {"this is JSON, not TOML", "see configs/minimal.toml for the form"};
  }
  const auto line = line_of(text, error.line);
  const bool item = in_list(text, line);
  if (auto known = item ? std::nullopt : without_equals(line)) return *known;
  const bool described = error.description.contains("redefine");
  // An item stands as if its key were in front of it.
  const std::string whole = (item ? "=" : "") + std::string(line);
  const SyntaxError at{error.description, error.line, error.column + (item ? 1u : 0u)};
  if (auto known = described ? std::nullopt : without_quotes(whole, at)) return *known;
  return {std::string(error.description), std::string(hint_for(error.description, line))};
}

}  // namespace ringway::config
