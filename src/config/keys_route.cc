// See keys.h: what routes have, in the order in which the reference shows it. Special
// readers stand above the rows.
#include <fmt/format.h>

#include "config/key_rows.h"

namespace ringway::config {
namespace {

// --- [route.NAME]

Verdict read_prefixes(const Node& node, const Limits& limits, Route& route) {
  if (node.kind != NodeKind::table)
    return wrong_kind(node, "a table of prefixes", "write prefixes = { \"a:\" = \"pool\" }");
  for (const Entry& entry : node.entries) {
    auto& [prefix, to] = route.prefixes.emplace_back(entry.key, "");
    if (auto wrong = read_value(entry.value, limits, to)) return wrong;
  }
  return std::nullopt;
}

std::string print_prefixes(const Route& route) {
  std::string out;
  for (const auto& [prefix, to] : route.prefixes) {
    // A variable may stand in a value, never in a key.
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", quoted_key(prefix), quoted(to));
  }
  return out.empty() ? "{}" : "{ " + out + " }";
}

template <auto M>
Verdict read_word(const Node& node, const std::vector<std::string_view>& known, Route& route) {
  const Choice choice = choose(node, known);
  if (!choice.verdict) route.*M = std::string(known[choice.index]);
  return choice.verdict;
}

std::vector<std::string_view> route_types() {
  return {"prefix", "replicate", "failover", "shadow"};
}
std::vector<std::string_view> write_words() {
  return {"all", "first"};
}
std::vector<std::string_view> read_words() {
  return {"local", "first"};
}

template <auto M, auto Names>
constexpr Key<Route> route_word(std::string_view name, std::string_view why,
                                std::string_view sample = {}) {
  return {.name = name,
          .unit = "",
          .why = why,
          .limits = {},
          .sample = sample,
          .read = [](const Node& node, const Limits&,
                     Route& route) { return read_word<M>(node, Names(), route); },
          .print = [](const Route& route) { return quoted(route.*M); },
          .form = [](const Limits&) { return one_of(Names()); }};
}

constexpr Key<Route> route_keys[] = {
    route_word<&Route::type, route_types>("type", "what kind of decision this is; required",
                                          "\"prefix\""),
    key<&Route::fallback>("default", "", "where keys go that no prefix names"),
    {.name = "prefixes",
     .unit = "",
     .why = "the longest prefix of a key decides",
     .limits = {},
     .read = read_prefixes,
     .print = print_prefixes,
     .form = [](const Limits&) { return std::string("table: prefix = \"pool or route\""); }},
    key<&Route::to>("to", "", "pools or routes, in the same order on every router"),
    route_word<&Route::writes, write_words>("writes", "which copies a write goes to"),
    route_word<&Route::reads, read_words>(
        "reads", "local: the copy whose pool's zone is the router's, then the others"),
    key<&Route::ttl_max>("ttl_max", "", "what is written to a stand-in lives at most this long",
                         times(1s, 30 * day)),
};

}  // namespace

template <>
std::span<const Key<Route>> keys() {
  return route_keys;
}

template <>
Section section<Route>() {
  return {"[route.NAME]", "A decision by key. Not yet supported."};
}

}  // namespace ringway::config
