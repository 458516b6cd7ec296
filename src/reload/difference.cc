// See difference.h. Settings are compared as the table of keys prints them, so that a
// new key needs no line here. Servers are matched as a reload matches them: by address,
// where several share one by name; what is left over, by name alone.
#include "reload/difference.h"

#include <algorithm>
#include <fmt/format.h>

#include "ringway/config/load.h"

#include "config/keys.h"
#include "reload/placement.h"

namespace ringway::reload {
namespace {

template <typename T>
void compare(const T& before, const T& after, const std::string& prefix,
             std::vector<Setting>& into) {
  for (const config::Key<T>& key : config::keys<T>()) {
    if (key.print == nullptr) continue;
    auto was = key.print(before);
    auto is = key.print(after);
    if (was != is) into.push_back({prefix + std::string(key.name), std::move(was), std::move(is)});
  }
}

template <typename T>
void compare_section(const std::string& name, const T& before, const T& after,
                     Difference& difference) {
  SectionDifference section{name, Change::changed, {}};
  compare(before, after, "", section.settings);
  if (!section.settings.empty()) difference.sections.push_back(std::move(section));
}

template <typename T>
const T* named(const std::vector<T>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

// Sections that have names: what is on both sides is compared, the rest comes or goes.
template <typename T>
void compare_named(const std::string& kind, const std::vector<T>& before,
                   const std::vector<T>& after, Difference& difference) {
  for (const T& now : after) {
    const auto name = kind + "." + now.name;
    if (const T* was = named(before, now.name)) {
      compare_section(name, *was, now, difference);
    } else {
      difference.sections.push_back({name, Change::added, {}});
    }
  }
  for (const T& was : before) {
    if (named(after, was.name) == nullptr) {
      difference.sections.push_back({kind + "." + was.name, Change::removed, {}});
    }
  }
}

std::string label_of(const config::Server& server) {
  if (server.name == server.address) return server.name;
  return fmt::format("{} ({})", server.name, server.address);
}

// Pairs of places in the two lists of servers; -1 where there is no other.
class Matching {
 public:
  Matching(const std::vector<config::Server>& before, const std::vector<config::Server>& after)
      : before_(before), after_(after), successor_(before.size(), -1), taken_(after.size()) {
    match([](const auto& a, const auto& b) { return a.address == b.address && a.name == b.name; });
    match([](const auto& a, const auto& b) { return a.address == b.address; });
    match([](const auto& a, const auto& b) { return a.name == b.name; });
  }

  int successor(std::size_t before) const { return successor_[before]; }
  bool is_new(std::size_t after) const { return !taken_[after]; }

 private:
  template <typename F>
  void match(F same) {
    for (std::size_t i = 0; i < before_.size(); ++i) {
      if (successor_[i] >= 0) continue;
      for (std::size_t j = 0; j < after_.size(); ++j) {
        if (taken_[j] || !same(before_[i], after_[j])) continue;
        successor_[i] = static_cast<int>(j);
        taken_[j] = true;
        break;
      }
    }
  }

  const std::vector<config::Server>& before_;
  const std::vector<config::Server>& after_;
  std::vector<int> successor_;
  std::vector<bool> taken_;
};

void compare_servers(const config::Pool& before, const config::Pool& after,
                     const Matching& matching, PoolDifference& pool) {
  for (std::size_t i = 0; i < before.servers.size(); ++i) {
    const config::Server& was = before.servers[i];
    if (matching.successor(i) < 0) {
      pool.servers.push_back({Change::removed, label_of(was), {}, false, was.backup});
      continue;
    }
    const config::Server& is = after.servers[static_cast<std::size_t>(matching.successor(i))];
    ServerDifference server{
        Change::changed, label_of(was), {}, was.address != is.address, was.backup};
    compare(was, is, "", server.settings);
    if (!server.settings.empty()) pool.servers.push_back(std::move(server));
  }
  for (std::size_t j = 0; j < after.servers.size(); ++j) {
    if (matching.is_new(j)) {
      const config::Server& is = after.servers[j];
      pool.servers.push_back({Change::added, label_of(is), {}, false, is.backup});
    }
  }
}

// The matching of all servers as one of those that own keys.
std::vector<int> owner_successors(const config::Pool& before, const config::Pool& after,
                                  const Matching& matching) {
  std::vector<int> owner_number(after.servers.size(), -1);
  int owners = 0;
  for (std::size_t j = 0; j < after.servers.size(); ++j) {
    if (!after.servers[j].backup) owner_number[j] = owners++;
  }
  std::vector<int> successors;
  for (std::size_t i = 0; i < before.servers.size(); ++i) {
    if (before.servers[i].backup) continue;
    const int j = matching.successor(i);
    successors.push_back(j < 0 ? -1 : owner_number[static_cast<std::size_t>(j)]);
  }
  return successors;
}

// The keys of a server whose address changes stay with its name: as if it were gone.
std::vector<int> without_other_machines(const config::Pool& before, const config::Pool& after,
                                        std::vector<int> successors) {
  const auto was = key_owners(before);
  const auto is = key_owners(after);
  for (std::size_t i = 0; i < successors.size(); ++i) {
    int& successor = successors[i];
    if (successor < 0) continue;
    if (was[i]->address != is[static_cast<std::size_t>(successor)]->address) successor = -1;
  }
  return successors;
}

// No key moves, and that is not an estimate.
bool places_alike(const config::Pool& before, const config::Pool& after) {
  const auto same_owner = [](const config::Server* was, const config::Server* is) {
    return was->name == is->name && was->weight == is->weight && was->address == is->address;
  };
  return before.hash == after.hash && before.distribution == after.distribution &&
         before.hash_tag == after.hash_tag &&
         std::ranges::equal(key_owners(before), key_owners(after), same_owner);
}

PoolDifference compare_pools(const config::Pool& before, const config::Pool& after) {
  PoolDifference pool{.name = after.name};
  compare(before, after, "", pool.settings);
  compare(before.eject, after.eject, "eject.", pool.settings);
  compare(before.health, after.health, "health.", pool.settings);
  const Matching matching(before.servers, after.servers);
  compare_servers(before, after, matching, pool);
  if (!pool.settings.empty() || !pool.servers.empty()) pool.change = Change::changed;
  if (places_alike(before, after)) {
    pool.movement = ring::Movement{};
    return pool;
  }
  const PoolPlacement was(before);
  const PoolPlacement is(after);
  const std::vector<int> successors = owner_successors(before, after, matching);
  const std::vector<int> warm = without_other_machines(before, after, successors);
  pool.movement = ring::movement(was.placement(), is.placement(), successors);
  if (warm != successors) {
    const auto all = ring::movement(was.placement(), is.placement(), warm);
    pool.cold = all.moved - pool.movement->moved;
  }
  const auto vnodes_before = was.vnodes_per_weight();
  const auto vnodes_after = is.vnodes_per_weight();
  if (vnodes_before != vnodes_after && vnodes_before != 0 && vnodes_after != 0) {
    pool.vnodes =
        Setting{"vnodes", fmt::format("{}", vnodes_before), fmt::format("{}", vnodes_after)};
  }
  return pool;
}

}  // namespace

double Difference::moved() const {
  double most = 0;
  for (const PoolDifference& pool : pools) most = std::max(most, pool.away());
  for (const ListenerMovement& listener : listeners) most = std::max(most, listener.moved);
  return most;
}

Difference difference(const config::Config& before, const config::Config& after) {
  Difference all;
  all.file_hash = config::fingerprint(after);
  compare_section("router", before.router, after.router, all);
  compare_section("log", before.log, after.log, all);
  compare_section("metrics", before.metrics, after.metrics, all);
  compare_section("admin", before.admin, after.admin, all);
  compare_section("reload", before.reload, after.reload, all);
  compare_named("listener", before.listeners, after.listeners, all);
  compare_named("route", before.routes, after.routes, all);
  for (const config::Pool& now : after.pools) {
    if (const config::Pool* was = named(before.pools, now.name)) {
      all.pools.push_back(compare_pools(*was, now));
    } else {
      all.pools.push_back({.name = now.name, .change = Change::added});
    }
  }
  for (const config::Pool& was : before.pools) {
    if (named(after.pools, was.name) == nullptr) {
      all.pools.push_back({.name = was.name, .change = Change::removed});
    }
  }
  all.listeners = listener_movements(before, after);
  return all;
}

}  // namespace ringway::reload
