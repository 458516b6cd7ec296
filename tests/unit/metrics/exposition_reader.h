// Reads Prometheus' classic text format as its specification has it, more strictly
// than a scraper would: HELP and TYPE come first, each family once and in one piece,
// no series twice, labels well formed. For tests only.
#pragma once

#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace ringway::metrics {

// What was read: series ("name{label="unescaped"}" with labels in their order) to value.
struct Exposition {
  std::map<std::string, double> series;
  std::map<std::string, std::string> types;
  std::string problem;  // Empty: well formed.
};

class ExpositionReader {
 public:
  static Exposition read(std::string_view text) {
    ExpositionReader reader;
    if (!text.empty() && text.back() != '\n') reader.fail("the last line does not end", text);
    while (!text.empty() && reader.result_.problem.empty()) {
      const auto end = text.find('\n');
      reader.read_line(text.substr(0, end));
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return reader.result_;
  }

 private:
  void fail(std::string_view why, std::string_view line) {
    if (result_.problem.empty()) result_.problem.append(why).append(": ").append(line);
  }

  static std::string_view take_name(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && (std::isalnum(static_cast<unsigned char>(text[n])) != 0 ||
                               text[n] == '_' || (n > 0 && text[n] == ':'))) {
      ++n;
    }
    const auto name = text.substr(0, n);
    text.remove_prefix(n);
    return name;
  }

  static bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
  }

  void read_line(std::string_view line) {
    if (std::string_view rest = line; take(rest, "# HELP ")) return read_help(rest, line);
    if (std::string_view rest = line; take(rest, "# TYPE ")) return read_type(rest, line);
    read_sample(line);
  }

  void read_help(std::string_view rest, std::string_view line) {
    family_ = take_name(rest);
    if (family_.empty() || !take(rest, " ") || rest.empty()) fail("HELP without a text", line);
    if (result_.types.contains(family_)) fail("family twice", line);
  }

  void read_type(std::string_view rest, std::string_view line) {
    if (take_name(rest) != family_) return fail("TYPE of another family than HELP", line);
    if (rest != " counter" && rest != " gauge") return fail("unknown type", line);
    if (!result_.types.emplace(family_, rest.substr(1)).second) fail("TYPE twice", line);
  }

  void read_sample(std::string_view line) {
    std::string_view rest = line;
    const auto name = take_name(rest);
    if (name.empty() || name != family_) return fail("sample outside of its family", line);
    if (!result_.types.contains(family_)) return fail("sample before its TYPE", line);
    const auto labels = take_labels(rest);
    if (!labels) return fail("labels", line);
    if (!take(rest, " ")) return fail("no value", line);
    double value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || end != rest.data() + rest.size()) return fail("value", line);
    if (!result_.series.emplace(family_ + *labels, value).second) fail("series twice", line);
  }

  static std::optional<std::string> take_labels(std::string_view& rest) {
    if (!take(rest, "{")) return "";
    std::string made = "{";
    std::set<std::string> seen;
    do {
      const std::string name(take_name(rest));
      const auto value = name.empty() || !take(rest, "=\"") ? std::nullopt : take_quoted(rest);
      if (!value || !seen.insert(name).second) return std::nullopt;
      made.append(made.size() > 1 ? "," : "")
          .append(name)
          .append("=\"")
          .append(*value)
          .append("\"");
    } while (take(rest, ","));
    if (!take(rest, "}")) return std::nullopt;
    return made + "}";
  }

  static std::optional<std::string> take_quoted(std::string_view& rest) {
    std::string value;
    while (!rest.empty() && rest.front() != '"') {
      const char c = rest.front();
      rest.remove_prefix(1);
      if (c != '\\') {
        value.push_back(c);
      } else if (take(rest, "n")) {
        value.push_back('\n');
      } else if (take(rest, "\\")) {
        value.push_back('\\');
      } else if (take(rest, "\"")) {
        value.push_back('"');
      } else {
        return std::nullopt;
      }
    }
    if (!take(rest, "\"")) return std::nullopt;
    return value;
  }

  Exposition result_;
  std::string family_;
};

}  // namespace ringway::metrics
