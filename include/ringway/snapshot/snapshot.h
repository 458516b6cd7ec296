// All behaviour at one moment: what the configuration means, built and checked
// off the data path and never changed afterwards. Workers swap snapshots between
// two turns; control frees an old one when every worker has given it back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ringway/config/config.h"
#include "ringway/pool/pool.h"
#include "ringway/route/route.h"

namespace ringway::snapshot {

// Names a listener process-wide, across snapshots.
using ListenerId = std::uint32_t;

struct Listener {
  config::Listener settings;
  ListenerId id = 0;
  const route::Route* route = nullptr;      // Owned by the snapshot.
  const proto::Dialect* dialect = nullptr;  // Of its clients, and of all servers of its route.
  bool retiring = false;                    // Accepts no more; here for the clients it has.
};

// A listener that the configuration has no more, while it still has clients: they are
// served on the route that they had.
struct Retiring {
  config::Listener settings;
  ListenerId id = 0;
  config::Pool pool;  // Where its route led; kept if the configuration lost that as well.
};

struct Snapshot {
  std::uint64_t generation = 0;
  config::Config config;
  std::vector<std::unique_ptr<pool::Pool>> pools;
  std::vector<std::unique_ptr<route::Route>> routes;
  std::vector<Listener> listeners;
  std::vector<const Listener*> by_id;  // Null where an id is not of this snapshot.

  const Listener* listener(ListenerId id) const { return id < by_id.size() ? by_id[id] : nullptr; }
  const pool::Pool* pool(const std::string& name) const;
};

// Who hands out ids: the same identity gets the same id.
struct Identities {
  std::function<pool::ServerId(const pool::ServerIdentity&)> server;
  std::function<ListenerId(const std::string& name)> listener;
};

// `config` has been checked: every hash, distribution and route exists. None of
// `retiring` is one of its listeners.
std::unique_ptr<Snapshot> build(config::Config config, std::uint64_t generation,
                                const Identities& identities,
                                const std::vector<Retiring>& retiring = {});

}  // namespace ringway::snapshot
