// See variables.h. A default may not contain "}" and nothing is nested: what looks
// like a shell would be taken for one.
#include "config/variables.h"

#include <expected>
#include <fmt/format.h>

#include "ringway/base/plain_text.h"

#include "config/values.h"

namespace ringway::config {
namespace {

constexpr std::string_view name_chars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

bool is_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(name_chars) == name.npos &&
         !(name.front() >= '0' && name.front() <= '9');
}

using Substituted = std::expected<std::string, Complaint>;

std::unexpected<Complaint> wrong(std::string what, std::string hint) {
  return std::unexpected(Complaint{std::move(what), std::move(hint)});
}

constexpr const char* literal_hint = "write ${NAME} or ${NAME:-default}; \"$${\" is \"${\" itself";

// `body` is what stands between the braces. What TOML itself guarantees for the text of a file
// must hold for variables too.
Substituted value_of(std::string_view body, const Environment& environment) {
  const auto colon = body.find(":-");
  const auto name = body.substr(0, colon);
  if (!is_name(name)) {
    return wrong(fmt::format("'${{{}}}' does not name a variable", body), literal_hint);
  }
  if (auto value = environment(name)) {
    if (is_plain_text(*value)) return std::move(*value);
    return wrong(fmt::format("the variable {} is not plain UTF-8 text", name),
                 "set it to one line without control characters");
  }
  if (colon != body.npos) return std::string(body.substr(colon + 2));
  return wrong(fmt::format("the variable {} is not set", name),
               fmt::format("set it in the environment, or give a default: ${{{}:-default}}", name));
}

Substituted substituted(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      out += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto end = text.find('}');
      if (end == text.npos) return wrong("'${' without its '}'", literal_hint);
      const auto value = value_of(text.substr(2, end - 2), environment);
      if (!value) return std::unexpected(value.error());
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

namespace {

// Lists are long: of many items that are wrong some are told, and how many more there are.
void substitute_items(Node& list, const Environment& environment, Complaints& complaints) {
  std::size_t wrong = 0;
  Place beyond;
  for (Node& item : list.items) {
    Complaints own;
    substitute_variables(item, environment, own);
    if (!own.any_error()) continue;
    if (wrong < problems_shown_max) complaints.take(own);
    if (++wrong == problems_shown_max + 1) beyond = item.where;
  }
  if (wrong <= problems_shown_max) return;
  complaints.error(beyond,
                   fmt::format("{} more entries of this list name variables that have no value",
                               wrong - problems_shown_max),
                   "mend those above first");
}

}  // namespace

void substitute_variables(Node& node, const Environment& environment, Complaints& complaints) {
  substitute_items(node, environment, complaints);
  for (Entry& entry : node.entries) substitute_variables(entry.value, environment, complaints);
  if (node.kind != NodeKind::text || node.text.find("${") == std::string::npos) return;
  auto text = substituted(node.text, environment);
  if (text) {
    node.text = std::move(*text);
  } else {
    complaints.error(node.where, text.error().what, text.error().hint);
    node.lost = true;
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
