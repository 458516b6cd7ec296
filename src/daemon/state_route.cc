// See state_route.h. A refusal says what there is instead. Answers from several HTTP
// threads at once: only from the snapshot, which does not change.
#include "daemon/state_route.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "config/words.h"

namespace ringway::cli {
namespace {

using config::ServerState;

constexpr std::string_view how = "write state=up, state=drain, state=maintenance or state=auto";

// The word after "state=" in the query, else in the body; the bare word will do there.
std::string asked_word(const admin::HttpRequest& request) {
  for (const auto& [key, value] : request.query) {
    if (key == "state") return value;
  }
  std::string_view body = request.body;
  const auto blank = [](char c) { return c == ' ' || c == '\r' || c == '\n'; };
  while (!body.empty() && blank(body.back())) body.remove_suffix(1);
  if (body.starts_with("state=")) body.remove_prefix(6);
  return std::string(body);
}

struct Asked {
  std::optional<ServerState> state;  // Absent: auto.
};

std::optional<Asked> asked_state(std::string_view word) {
  if (word == "auto") return Asked{};
  for (const auto& known : config::words<ServerState>()) {
    if (word == known.text) return Asked{known.value};
  }
  return std::nullopt;
}

template <typename Things, typename NameOf>
admin::HttpAnswer no_such(std::string what, const Things& things, NameOf name_of) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(name_of(thing));
  return {.status = 404, .body = fmt::format("{}; there are: {}\n", what, fmt::join(names, ", "))};
}

admin::HttpAnswer set_state(reload::Control& control, const admin::HttpRequest& request) {
  const reload::SharedSnapshot held = control.snapshot();
  const snapshot::Snapshot& snapshot = *held;
  const std::string_view pool_name = request.capture("pool");
  const auto pool = std::ranges::find_if(snapshot.pools,
                                         [&](const auto& one) { return one->name() == pool_name; });
  if (pool == snapshot.pools.end()) {
    return no_such(fmt::format("no pool '{}'", pool_name), snapshot.pools,
                   [](const auto& one) { return one->name(); });
  }
  const auto& servers = (*pool)->servers;
  const std::string_view name = request.capture("server");
  auto server = std::ranges::find(servers, name, &pool::Server::name);
  if (server == servers.end()) server = std::ranges::find(servers, name, &pool::Server::address);
  if (server == servers.end()) {
    return no_such(fmt::format("pool '{}' has no server '{}'", pool_name, name), servers,
                   [](const pool::Server& one) { return one.name; });
  }
  const std::string word = asked_word(request);
  const auto asked = asked_state(word);
  if (!asked) return {.status = 400, .body = fmt::format("no state '{}': {}\n", word, how)};
  control.set_state((*pool)->name(), *server, asked->state);
  return {.body = fmt::format("server {} of pool {}: state {}{}\n", server->label, pool_name, word,
                              asked->state ? " until it is set to auto" : ", as the file has it")};
}

}  // namespace

admin::HttpRoute state_route(reload::Control& control) {
  return {"POST", "/pools/{pool}/servers/{server}/state",
          [&control](const admin::HttpRequest& request) { return set_state(control, request); }};
}

}  // namespace ringway::cli
