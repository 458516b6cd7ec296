// See verification.h. The order within a batch is the proof: write through the proxy,
// then read from servers alone, then delete by both ways.
#include "cli/verification.h"

#include <algorithm>
#include <fmt/format.h>

#include "ringway/base/assert.h"
#include "ringway/route/plan.h"

namespace ringway::cli {

Result<Verification> Verification::connect(const snapshot::Listener& listener,
                                           const std::string& through, std::uint64_t nonce) {
  auto proxy = MemcachedPeer::connect(through, "the proxy " + through);
  if (!proxy) return std::unexpected(proxy.error());
  const pool::Pool& pool = listener.route->pool();
  Verification verification(pool, *listener.route, std::move(*proxy), nonce);
  for (const pool::Server& server : pool.members()) {
    auto peer = MemcachedPeer::connect(server.address, "server " + server.label);
    if (!peer) return std::unexpected(peer.error());
    verification.servers_.push_back(std::move(*peer));
  }
  return verification;
}

Result<void> Verification::run(std::uint32_t first, std::uint32_t count) {
  RINGWAY_ASSERT(count <= batch_keys);
  CheckedKeys batch = keys_to_check(first, count);
  if (auto done = write(batch); !done) return done;
  if (auto done = read(batch); !done) return done;
  tally(batch);
  return remove(batch);
}

// Where each key belongs is what the route plans with every server live.
Verification::CheckedKeys Verification::keys_to_check(std::uint32_t first,
                                                      std::uint32_t count) const {
  std::vector<route::PoolLive> live(pool_.number + 1);
  live[pool_.number] = route::PoolLive(pool_.member_count);
  CheckedKeys all;
  for (std::uint32_t n = first; n < first + count; ++n) {
    CheckedKey one{.key = names_.key(n), .home = 0, .refusal = {}, .places = {}};
    route::Plan plan;
    route_.plan({.key = one.key}, live, plan);
    RINGWAY_ASSERT(plan.leaf().pool == pool_.number);
    one.home = plan.leaf().member;
    all.push_back(std::move(one));
  }
  return all;
}

Result<void> Verification::write(CheckedKeys& checked) {
  std::vector<std::string> keys;
  for (const CheckedKey& one : checked) keys.push_back(one.key);
  const auto replies = proxy_.store(keys, ttl_s);
  if (!replies) return std::unexpected(replies.error());
  for (std::size_t i = 0; i < checked.size(); ++i) {
    if ((*replies)[i] != "STORED") checked[i].refusal = (*replies)[i];
  }
  return {};
}

// Asks one server for all the wanted keys.
template <typename Wanted>
Result<void> Verification::look(std::uint32_t server, CheckedKeys& checked, Wanted wanted) {
  std::vector<std::string> keys;
  std::vector<CheckedKey*> asked;
  for (CheckedKey& one : checked) {
    if (!wanted(one)) continue;
    keys.push_back(one.key);
    asked.push_back(&one);
  }
  if (keys.empty()) return {};
  const auto found = servers_[server].find(keys);
  if (!found) return std::unexpected(found.error());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if ((*found)[i]) asked[i]->places.push_back(server);
  }
  return {};
}

// First at home; what is not there is looked for on all the others. A key that was not
// stored may be somewhere all the same, if the proxy gave up waiting.
Result<void> Verification::read(CheckedKeys& checked) {
  const auto servers = static_cast<std::uint32_t>(servers_.size());
  for (std::uint32_t i = 0; i < servers; ++i) {
    const auto lives_here = [i](const CheckedKey& one) { return one.home == i; };
    if (auto done = look(i, checked, lives_here); !done) return done;
  }
  std::vector<const CheckedKey*> missing;
  for (const CheckedKey& one : checked) {
    if (one.places.empty()) missing.push_back(&one);
  }
  for (std::uint32_t i = 0; i < servers && !missing.empty(); ++i) {
    const auto is_missing = [&](const CheckedKey& one) {
      return one.home != i && std::ranges::count(missing, &one) != 0;
    };
    if (auto done = look(i, checked, is_missing); !done) return done;
  }
  return {};
}

Result<void> Verification::remove(const CheckedKeys& checked) {
  std::vector<std::string> all;
  std::vector<std::vector<std::string>> by_server(servers_.size());
  for (const CheckedKey& one : checked) {
    all.push_back(one.key);
    for (const std::uint32_t place : one.places) by_server[place].push_back(one.key);
  }
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (by_server[i].empty()) continue;
    if (auto done = servers_[i].remove(by_server[i]); !done) return done;
  }
  // And wherever the proxy has put them that was not looked at.
  return proxy_.remove(all);
}

void Verification::tally(const CheckedKeys& checked) {
  for (const CheckedKey& one : checked) {
    ServerTally& home = tallies_[one.home];
    const bool at_home = !one.places.empty() && one.places[0] == one.home;
    ++keys_;
    ++home.keys;
    if (at_home && one.refusal.empty()) {
      ++found_;
      ++home.found;
      continue;
    }
    if (strays_.size() == strays_kept_max) continue;
    std::string what = "found nowhere";
    if (!one.refusal.empty()) {
      what = "not stored: " + one.refusal;
    } else if (!one.places.empty()) {
      what = "found on " + pool_.servers[one.places[0]].label;
    }
    strays_.push_back({one.key, one.home, std::move(what)});
  }
}

}  // namespace ringway::cli
