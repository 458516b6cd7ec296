// See explain_route.h. Answers from several HTTP threads at once: only from the snapshot,
// which does not change and is held meanwhile, and the board's atomics.
#include "daemon/explain_route.h"

#include <algorithm>
#include <optional>

#include "board/pool_live.h"
#include "explain/explanation.h"
#include "explain/offline_snapshot.h"

namespace ringway::cli {
namespace {

std::vector<route::PoolLive> live_now(const snapshot::Snapshot& snapshot,
                                      const proxy::Board& board) {
  std::vector<route::PoolLive> live;
  for (const auto& pool : snapshot.pools) live.push_back(proxy::pool_live(*pool, board));
  return live;
}

std::optional<std::string_view> queried(const admin::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

admin::HttpAnswer answer(const snapshot::Snapshot& snapshot, const proxy::Board& board,
                         const admin::HttpRequest& request) {
  const auto key = queried(request, "key");
  if (!key) return {.status = 400, .body = "ask /explain?key=KEY, percent-encoded\n"};
  const std::string_view name = queried(request, "listener").value_or("");
  const auto listeners = listeners_named(snapshot, name);
  if (listeners.empty()) {
    return {.status = 404, .body = no_such_listener(snapshot, name) + "\n"};
  }
  const auto live = live_now(snapshot, board);
  std::vector<Explanation> all;
  for (const auto* listener : listeners) all.push_back(explain(snapshot, *listener, *key, live));
  if (queried(request, "format") != "text") {
    return {.body = as_json(all), .content_type = "application/json"};
  }
  std::string text;
  for (const Explanation& one : all) text += as_text(one);
  return {.body = text};
}

}  // namespace

admin::HttpRoute explain_route(const reload::Control& control, const worker::Shared& shared) {
  return {"GET", "/explain", [&control, &shared](const admin::HttpRequest& request) {
            return answer(*control.snapshot(), shared.board, request);
          }};
}

}  // namespace ringway::cli
