// See listener_moves.h. A key has moved when the server that is asked first for it has another
// address: a pool that was only renamed moves nothing.
#include "reload/listener_moves.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "ringway/base/assert.h"
#include "ringway/snapshot/snapshot.h"

namespace ringway::reload {
namespace {

constexpr std::uint32_t samples = 20'000;

// Built to be asked and thrown away: any distinct numbers do.
class Side {
 public:
  explicit Side(config::Config config) {
    std::erase_if(config.listeners, [&](const config::Listener& listener) {
      return std::ranges::find(config.pools, listener.route, &config::Pool::name) ==
             config.pools.end();
    });
    auto server = [next = 0u](const pool::ServerIdentity&) mutable {
      return pool::ServerId{next++};
    };
    auto listener = [next = 0u](const std::string&) mutable { return next++; };
    snapshot_ = snapshot::build(std::move(config), 0, {server, listener});
    for (const auto& pool : snapshot_->pools) live_.emplace_back(pool->member_count);
  }

  const std::vector<snapshot::Listener>& listeners() const { return snapshot_->listeners; }

  const snapshot::Listener* named(const std::string& name) const {
    const auto found = std::ranges::find(listeners(), name, [](const snapshot::Listener& listener) {
      return listener.settings.name;
    });
    return found == listeners().end() ? nullptr : &*found;
  }

  // Of the server that is asked first; empty if nobody owns the key.
  std::string_view address(const route::Route& route, Bytes key) const {
    route::Plan plan;
    route.plan({.key = key}, live_, plan);
    const auto first = std::ranges::find(plan.parts(), route::Verb::ask, &route::Part::verb);
    if (first == plan.parts().end()) return {};
    return snapshot_->pools[first->pool]->servers[first->member].address;
  }

 private:
  std::unique_ptr<snapshot::Snapshot> snapshot_;
  std::vector<route::PoolLive> live_;
};

double moved(const Side& was, const route::Route& before, const Side& is,
             const route::Route& after) {
  std::uint32_t count = 0;
  for (std::uint32_t n = 0; n < samples; ++n) {
    const std::string key = fmt::format("sample:{}", n);
    if (was.address(before, key) != is.address(after, key)) ++count;
  }
  return static_cast<double>(count) / samples;
}

bool leads_elsewhere(const config::Config& before, const config::Listener& after) {
  const auto was = std::ranges::find(before.listeners, after.name, &config::Listener::name);
  return was != before.listeners.end() && was->route != after.route;
}

}  // namespace

std::vector<ListenerMovement> listener_movements(const config::Config& before,
                                                 const config::Config& after) {
  const auto elsewhere = [&](const auto& listener) { return leads_elsewhere(before, listener); };
  if (std::ranges::none_of(after.listeners, elsewhere)) return {};
  const Side was(before);
  const Side is(after);
  std::vector<ListenerMovement> all;
  for (const snapshot::Listener& now : is.listeners()) {
    const snapshot::Listener* then = was.named(now.settings.name);
    if (!then || !elsewhere(now.settings)) continue;
    const pool::Pool& from = then->route->pool();
    const pool::Pool& to = now.route->pool();
    all.push_back({.name = now.settings.name,
                   .before = from.name(),
                   .after = to.name(),
                   .moved = moved(was, *then->route, is, *now.route),
                   .servers = from.member_count,
                   .tags_differ = from.settings.hash_tag != to.settings.hash_tag});
  }
  return all;
}

}  // namespace ringway::reload
