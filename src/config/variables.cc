// See variables.h. A default may not contain "}" and nothing is nested: what looks
// like a shell would be taken for one.
#include "config/variables.h"

#include <fmt/format.h>

#include "ringway/base/result.h"

namespace ringway::config {
namespace {

constexpr std::string_view name_chars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

bool is_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(name_chars) == name.npos &&
         !(name.front() >= '0' && name.front() <= '9');
}

// How many bytes follow the first byte of a UTF-8 character; -1: it cannot be first.
int followers(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xc2 && first < 0xe0) return 1;
  if (first >= 0xe0 && first < 0xf0) return 2;
  if (first >= 0xf0 && first < 0xf5) return 3;
  return -1;
}

// What TOML itself guarantees for the text of a file must hold for variables too.
bool plain_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    int expected = followers(first);
    if (expected < 0 || first < 0x20 || first == 0x7f) return false;
    for (; expected > 0; --expected) {
      if (++i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return false;
    }
  }
  return true;
}

// `body` is what stands between the braces.
Result<std::string> value_of(std::string_view body, const Environment& environment) {
  const auto colon = body.find(":-");
  const auto name = body.substr(0, colon);
  if (!is_name(name)) return failure(fmt::format("'${{{}}}' does not name a variable", body));
  if (auto value = environment(name)) {
    if (plain_text(*value)) return std::move(*value);
    return failure(fmt::format("the variable {} is not plain UTF-8 text", name));
  }
  if (colon != body.npos) return std::string(body.substr(colon + 2));
  return failure(fmt::format("the variable {} is not set", name));
}

Result<std::string> substituted(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      out += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto end = text.find('}');
      if (end == text.npos) return failure("'${' without its '}'");
      const auto value = value_of(text.substr(2, end - 2), environment);
      if (!value) return failure(value.error());
      out += *value;
      text.remove_prefix(end + 1);
    } else {
      const auto next = std::min(text.find('$', 1), text.size());
      out += text.substr(0, next);
      text.remove_prefix(next);
    }
  }
  return out;
}

}  // namespace

void substitute_variables(Node& node, const Environment& environment, Complaints& complaints) {
  for (Node& item : node.items) substitute_variables(item, environment, complaints);
  for (Entry& entry : node.entries) substitute_variables(entry.value, environment, complaints);
  if (node.kind != NodeKind::text || node.text.find("${") == std::string::npos) return;
  auto text = substituted(node.text, environment);
  if (text) {
    node.text = std::move(*text);
  } else {
    complaints.error(node.where, text.error(),
                     "set it in the environment, or give a default: ${NAME:-default}; "
                     "\"$${\" stands for \"${\" itself");
  }
}

std::string without_variables(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return out;
}

}  // namespace ringway::config
