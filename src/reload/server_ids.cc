// Sets of ids and names, before and after. A server that comes back before it was released
// finds its id, and whatever the board knows of it.
#include "reload/server_ids.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace ringway::reload {
namespace {

std::set<pool::ServerId> ids_of(const snapshot::Snapshot& snapshot) {
  std::set<pool::ServerId> ids;
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) ids.insert(server.id);
  }
  return ids;
}

// Labels of counters: pools under an empty server.
std::set<std::pair<std::string, std::string>> names_of(const snapshot::Snapshot& snapshot) {
  std::set<std::pair<std::string, std::string>> names;
  for (const auto& pool : snapshot.pools) {
    names.emplace(pool->name(), "");
    for (const pool::Server& server : pool->servers) names.emplace(pool->name(), server.name);
  }
  return names;
}

}  // namespace

void ServerIds::switched(const std::shared_ptr<const snapshot::Snapshot>& before,
                         const snapshot::Snapshot& after) {
  past_.push_back({before->generation, before});
  const auto ids = ids_of(after);
  const auto names = names_of(after);
  std::erase_if(gone_, [&](const Gone& gone) { return ids.contains(gone.id); });
  std::erase_if(gone_names_, [&](const GoneName& gone) {
    return names.contains({gone.pool, gone.server});
  });
  for (const pool::ServerId id : ids_of(*before)) {
    if (!ids.contains(id)) gone_.push_back({id, after.generation});
  }
  for (const auto& [pool, server] : names_of(*before)) {
    if (!names.contains({pool, server})) gone_names_.push_back({pool, server, after.generation});
  }
}

void ServerIds::given_up(const snapshot::Snapshot& next, const snapshot::Snapshot& present) {
  const auto ids = ids_of(present);
  for (const pool::ServerId id : ids_of(next)) {
    const bool leaves = std::ranges::count(gone_, id, &Gone::id) > 0;
    if (!ids.contains(id) && !leaves) gone_.push_back({id, present.generation});
  }
}

std::uint64_t ServerIds::settled() const {
  std::uint64_t generation = ~std::uint64_t{0};
  for (const auto& report : shared_.reports) {
    generation = std::min(generation, report->settled.load(std::memory_order_acquire));
  }
  return generation;
}

// The oldest generation that is still in somebody's hands.
std::uint64_t ServerIds::looked_at() {
  std::erase_if(past_, [](const Past& past) { return past.snapshot.expired(); });
  return past_.empty() ? ~std::uint64_t{0} : past_.front().generation;
}

void ServerIds::release() {
  const std::uint64_t held = looked_at();
  if (gone_.empty() && gone_names_.empty()) return;
  const std::uint64_t generation = std::min(settled(), held);
  std::erase_if(gone_names_, [&](const GoneName& gone) {
    if (gone.since > generation) return false;
    shared_.registry.forget(gone.pool, gone.server);
    return true;
  });
  std::erase_if(gone_, [&](const Gone& gone) {
    if (gone.since > generation) return false;
    shared_.board.release(gone.id);
    return true;
  });
}

}  // namespace ringway::reload
