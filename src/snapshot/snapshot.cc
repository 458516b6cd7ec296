// From what the operator wrote to what traffic does: names become pointers,
// servers get their ids, each pool its distribution.
#include "ringway/snapshot/snapshot.h"

#include <algorithm>
#include <map>

#include "ringway/base/assert.h"
#include "ringway/route/kinds.h"

namespace ringway::snapshot {
namespace {

using pool::Pool;
using pool::Server;
using pool::ServerIdentity;

std::string_view word_of(config::Protocol protocol) {
  return protocol == config::Protocol::redis ? "redis" : "memcached";
}

hash::HashTag tag_of(const std::string& text) {
  if (text.size() != 2) return {};
  return {.open = text[0], .close = text[1], .enabled = true};
}

bool shares_address(const config::Pool& pool, const config::Server& server) {
  return std::ranges::count(pool.servers, server.address, &config::Server::address) > 1;
}

std::string label_of(const config::Server& server) {
  if (server.name == server.address) return server.name;
  return server.name + " (" + server.address + ")";
}

Server built_server(const config::Pool& pool, const config::Server& server,
                    const Identities& identities) {
  const ServerIdentity identity{pool.name, server.address,
                                shares_address(pool, server) ? server.name : std::string{},
                                pool.protocol};
  return {identities.server(identity),
          server.name,
          server.address,
          label_of(server),
          server.state,
          server.backup};
}

std::unique_ptr<Pool> built_pool(const config::Pool& settings, std::uint32_t number,
                                 const Identities& identities) {
  auto pool = std::make_unique<Pool>();
  pool->settings = settings;
  pool->number = number;
  pool->dialect = proto::find_dialect(word_of(settings.protocol));
  pool->hash = hash::find(settings.hash);
  pool->tag = tag_of(settings.hash_tag);
  const ring::DistributionKind* kind = ring::find(settings.distribution);
  RINGWAY_ASSERT(pool->hash && kind && "the configuration was checked");
  std::vector<ring::Member> members;
  for (const config::Server& server : settings.servers) {
    if (server.backup) continue;
    members.push_back({server.name, server.weight});
    pool->servers.push_back(built_server(settings, server, identities));
  }
  pool->member_count = static_cast<std::uint32_t>(members.size());
  for (const config::Server& server : settings.servers) {
    if (server.backup) pool->servers.push_back(built_server(settings, server, identities));
  }
  pool->distribution = kind->build(members);
  return pool;
}

const route::Route* route_named(const Snapshot& snapshot, const std::string& name) {
  for (const auto& route : snapshot.routes) {
    if (route->name() == name) return route.get();
  }
  return nullptr;
}

Pool& add_pool(Snapshot& snapshot, const config::Pool& settings, const Identities& identities) {
  const auto number = static_cast<std::uint32_t>(snapshot.pools.size());
  snapshot.pools.push_back(built_pool(settings, number, identities));
  const route::RouteKind& kind = *route::find(route::kind_of_pools);
  snapshot.routes.push_back(kind.build({.pool = snapshot.pools.back().get()}));
  return *snapshot.pools.back();
}

void add_retiring(Snapshot& snapshot, const Retiring& listener, const Identities& identities) {
  if (snapshot.pool(listener.pool.name) == nullptr) {
    add_pool(snapshot, listener.pool, identities).retiring = true;
  }
  const route::Route* route = route_named(snapshot, listener.pool.name);
  snapshot.listeners.push_back(
      {listener.settings, listener.id, route, route->pool().dialect, true});
}

}  // namespace

const pool::Pool* Snapshot::pool(const std::string& name) const {
  for (const auto& pool : pools) {
    if (pool->name() == name) return pool.get();
  }
  return nullptr;
}

std::unique_ptr<Snapshot> build(config::Config config, std::uint64_t generation,
                                const Identities& identities,
                                const std::vector<Retiring>& retiring) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = generation;
  for (const config::Pool& pool : config.pools) add_pool(*snapshot, pool, identities);
  for (const config::Listener& listener : config.listeners) {
    const route::Route* route = route_named(*snapshot, listener.route);
    RINGWAY_ASSERT(route && "the configuration was checked");
    snapshot->listeners.push_back(
        {listener, identities.listener(listener.name), route, route->pool().dialect});
  }
  for (const Retiring& listener : retiring) add_retiring(*snapshot, listener, identities);
  for (const Listener& listener : snapshot->listeners) {
    if (listener.id >= snapshot->by_id.size()) snapshot->by_id.resize(listener.id + 1);
    snapshot->by_id[listener.id] = &listener;
  }
  snapshot->config = std::move(config);
  return snapshot;
}

}  // namespace ringway::snapshot
