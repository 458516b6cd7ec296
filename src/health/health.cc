// How a server's standing changes. When it is looked at, and how checks and probes are
// timed, is in checks.cc.
#include "health/health.h"

#include <algorithm>
#include <utility>

#include "config/words.h"
#include "exchange/error_text.h"
#include "health/guard.h"
#include "health/watched.h"
#include "log/log.h"

namespace ringway::proxy {

using config::EjectMode;
using config::ServerState;
using log::Level;
using metrics::ServerMetric;

Health::Health(WorkerParts& parts, Servers& servers, Executor& executor)
    : parts_(parts), servers_(servers), executor_(executor) {}

Health::~Health() {
  RINGWAY_ASSERT(stopped_ || watched_.empty());
}

// --- Whom it watches ------------------------------------------------------------

void Health::adopt() {
  for (auto& [name, pool] : pools_) pool->present = false;
  for (auto& [id, server] : watched_) server->present = false;
  for (const auto& pool : parts_.snapshot->pools) {
    if (parts_.homes.of(pool->name()) != parts_.worker) continue;
    auto& own = pools_[pool->name()];
    if (!own) own = std::make_unique<Pool>();
    own->present = true;
    const config::Health& before = own->settings.health;
    const config::Health& after = pool->settings.health;
    own->checks_changed = before.check != after.check || before.interval != after.interval;
    own->settings = pool->settings;
    own->members.clear();
    own->backups.clear();
    for (const pool::Server& server : pool->servers) watch(*own, server);
  }
  forget_missing();
  for (auto& [name, pool] : pools_) {
    for (Watched* server : pool->members) reconsider(server->id);
    for (Watched* server : pool->backups) reconsider(server->id);
    while (eject_held(*pool)) {
    }
    assign_backups(*pool);
    hurry_probes(*pool);
  }
}

void Health::watch(Pool& pool, const pool::Server& server) {
  auto& watched = watched_[server.id];
  const bool new_here = !watched;
  if (new_here) watched = std::make_unique<Watched>();
  watched->present = true;
  watched->id = server.id;
  watched->pool = &pool;
  watched->backup = server.backup;
  watched->name = server.name;
  watched->label = server.label + " of pool " + pool.settings.name;
  watched->entry = &parts_.board.entry(server.id);
  watched->counters = &parts_.registry.server(parts_.worker, pool.settings.name, server.name);
  (server.backup ? pool.backups : pool.members).push_back(watched.get());
  if (!new_here) return pool.checks_changed ? check_otherwise(*watched) : void();
  watched->timer.owner = watched.get();
  watched->timer.kind = net::TimerKind::server_health;
  watched->since = parts_.now;
  watched->retry_after = pool.settings.eject.retry_after;
  check_again(*watched);
}

// The rules of checks have changed: servers that are up or drained begin their next check by them,
// unless one is under way.
void Health::check_otherwise(Watched& server) {
  const Standing now = standing(server);
  const bool checked = now == Standing::up || now == Standing::drained;
  if (checked && !server.asking && !server.coming_back) check_again(server);
}

void Health::forget_missing() {
  for (auto at = watched_.begin(); at != watched_.end();) {
    if (at->second->present) {
      ++at;
      continue;
    }
    parts_.timers.stop(at->second->timer);
    at = watched_.erase(at);
  }
  std::erase_if(pools_, [](const auto& pool) { return !pool.second->present; });
}

Health::Watched* Health::find(pool::ServerId server) {
  const auto found = watched_.find(server);
  return found == watched_.end() || stopped_ ? nullptr : found->second.get();
}

void Health::stop() {
  stopped_ = true;
  for (auto& [id, server] : watched_) parts_.timers.stop(server->timer);
}

// --- How they stand -------------------------------------------------------------

Standing Health::standing(const Watched& server) const {
  return parts_.board.standing(server.id);
}

void Health::stand(Watched& server, Standing standing, std::string_view cause) {
  prepare_backups(server, standing);
  server.since = parts_.now;
  server.good = 0;
  server.bad = 0;
  parts_.board.set_standing(server.id, standing, cause, server.since);
  (*server.counters)[ServerMetric::up].set(standing == Standing::up);
}

void Health::reconsider(pool::ServerId id) {
  Watched* server = find(id);
  if (!server) return;
  (*server->counters)[ServerMetric::up].set(standing(*server) == Standing::up);
  const ServerState asked = parts_.board.asked(id);
  const Standing now = standing(*server);
  if (now != Standing::joining && server->kept_out != ServerState::up) {
    server->kept_out = ServerState::up;
    check_again(*server);
  }
  if (now == Standing::joining && asked != server->kept_out) keep_out(*server, asked);
  if (server->kept_out != ServerState::up) return;
  if (asked != ServerState::up || out_by_hand(now)) return ask_for(*server, asked);
  const net::Address address = parts_.board.address(id);
  const bool nowhere = address.empty();
  const bool moved = address != std::exchange(server->address, address) && !nowhere;
  const bool up = now == Standing::up;
  if (nowhere && server->entry->unresolvable()) look_at_name(*server);
  if (moved && !up) return prove_anew(*server);
  if (now == Standing::joining) return probe_soon(*server);
  if (standing(*server) != Standing::up) return;
  if (server->entry->too_many_failures()) return eject(*server, server->entry->last_failure());
  if (server->entry->in_doubt()) ask_in_doubt(*server);
  // The next request for a key pays what is owed of it; what nobody asks for is paid then.
  if (server->entry->owes()) deliver_again(*server);
}

// The server's name has no address. That takes it out, and if something else did before, keeps it
// out.
void Health::look_at_name(Watched& server) {
  constexpr std::string_view cause = "has a name that does not resolve";
  if (standing(server) == Standing::up) return eject(server, cause);
  if (standing(server) == Standing::held) server.unresolved = true;
  if (standing(server) != Standing::ejected) return;
  server.unresolved = true;
  const Instant since = server.since;
  stand(server, Standing::unresolved, cause);
  server.since = since;
  say(server, Level::warning, "server_unresolved", "is unresolved now: it " + std::string(cause));
}

// The server has moved: good answers came from the old address, so they count no more.
void Health::prove_anew(Watched& server) {
  server.good = 0;
  server.asking = false;
  const bool held = standing(server) == Standing::held;
  if (held) server.unresolved = false;
  // It may have been passed over when a place outside the ring became free.
  if (std::exchange(server.coming_back, false) && held) eject_held(*server.pool);
  probe_soon(server);
}

// A server that has not joined is asked to stay out. Its keys stay where they are, whatever
// eject.mode says.
void Health::keep_out(Watched& server, ServerState asked) {
  server.kept_out = asked;
  server.coming_back = false;
  server.asking = false;
  parts_.timers.stop(server.timer);
  if (asked == ServerState::up) return;
  say(server, Level::info, "server_kept_out",
      "does not join: its state is " + std::string(config::word(asked)));
}

// Drain and maintenance are the operator's will, whatever the server's health. If it is asked for
// once more while the server is about to come back, the server stays out.
void Health::ask_for(Watched& server, ServerState asked) {
  const Standing now = standing(server);
  switch (asked) {
    case ServerState::up:
      if (!std::exchange(server.returning_by_hand, true)) server.bad = 0;
      return probe_soon(server);
    case ServerState::drain:
      if (now == Standing::drained && !server.returning_by_hand) return;
      (*server.counters)[ServerMetric::drains].add();
      stand(server, Standing::drained, "is drained");
      say(server, Level::info, "server_drained", "is drained" + keys_go(server, Standing::drained));
      check_again(server);
      break;
    case ServerState::maintenance:
      if (now == Standing::maintenance && !server.returning_by_hand) return;
      (*server.counters)[ServerMetric::maintenances].add();
      stand(server, Standing::maintenance, "is in maintenance");
      server.asking = false;
      say(server, Level::info, "server_in_maintenance",
          "is in maintenance" + keys_go(server, Standing::maintenance));
      parts_.timers.stop(server.timer);
      break;
  }
  server.returning_by_hand = false;
  server.coming_back = false;
  // It may have been on its way out by itself.
  server.entry->confirm_owed(server.pool->settings.eject.owed_max);
  assign_backups(*server.pool);
  while (eject_held(*server.pool)) {
  }
  hurry_probes(*server.pool);
}

// A backup owns no keys: the guard is for those who do.
Standing Health::out_standing(const Watched& server) const {
  if (server.backup) return server.unresolved ? Standing::unresolved : Standing::ejected;
  const Pool& pool = *server.pool;
  std::vector<Standing> others;
  for (const Watched* other : pool.members)
    if (other != &server) others.push_back(standing(*other));
  return standing_out(others, pool.settings.eject.max_ejected, server.unresolved);
}

void Health::eject(Watched& server, std::string_view cause) {
  const config::Eject& rule = server.pool->settings.eject;
  const Instant now = parts_.now;
  server.unresolved = parts_.board.address(server.id).empty();
  if (rule.failures == 0) return check_again(server);  // No ejection of any kind.
  const bool flapping = server.readmitted && now - *server.readmitted <= flapping_within;
  server.retry_after =
      flapping ? std::min(server.retry_after * 2, rule.retry_max) : rule.retry_after;
  server.probe_pause = probe_first;
  const Standing standing = out_standing(server);
  stand(server, standing, cause);
  server.ejected_at = now;
  server.entry->confirm_owed(rule.owed_max);
  server.entry->forget_failures();
  const bool held = standing == Standing::held;
  (*server.counters)[held ? ServerMetric::holds : ServerMetric::ejections].add();
  say(server, Level::warning, held ? "server_held" : "server_ejected",
      std::string(held ? "is held in the ring although it " : "is ejected: it ") +
          std::string(cause) + keys_go(server, standing));
  assign_backups(*server.pool);
  probe_again(server);
  hurry_probes(*server.pool);
}

// Enough probes were good: the server gets what it is owed first, then its keys.
void Health::come_back(Watched& server) {
  if (server.pool->settings.eject.on_readmit == config::OnReadmit::keep) {
    server.entry->forget_owed();
  }
  server.coming_back = true;
  server.coming_since = parts_.now;
  server.owed_before = server.entry->owed().keys + server.delivering;
  server.asking = true;
  set_timer(server, server.pool->settings.health.timeout);
  deliver_owed(server);
}

// Servers answer in the order asked, and the oldest are asked first.
bool Health::has_what_was_owed(const Watched& server) const {
  if (server.delivering == 0 && server.entry->owed().keys == 0) return true;
  return server.owed_before == 0 && parts_.now - server.coming_since >= owed_patience;
}

void Health::readmit(Watched& server) {
  const bool was_ejected = server.ejected_at.has_value();
  const bool joined = standing(server) == Standing::joining;
  const Duration away = parts_.now - server.since;
  server.coming_back = false;
  server.returning_by_hand = false;
  server.unresolved = false;
  server.entry->forget_failures();
  stand(server, Standing::up, {});
  if (was_ejected) server.readmitted = parts_.now;
  server.ejected_at.reset();
  (*server.counters)[joined ? ServerMetric::joins : ServerMetric::readmissions].add();
  const std::string_view keys = server.backup ? ""
                                : joined      ? " and takes its keys"
                                              : " and takes its keys back";
  const auto rounded = std::chrono::duration_cast<std::chrono::milliseconds>(away);
  const std::string since =
      joined ? "has joined" : "is up again after " + duration_text(Duration(rounded));
  say(server, Level::info, joined ? "server_joined" : "server_up", since + std::string(keys));
  assign_backups(*server.pool);
  eject_held(*server.pool);
  check_again(server);
  deliver_owed(server);  // What another worker noted at the last moment.
}

// Ejects the server that is held for the longest, if one more may be out. False if there is none.
bool Health::eject_held(Pool& pool) {
  Watched* longest = nullptr;
  for (Watched* server : pool.members) {
    if (standing(*server) != Standing::held || server->coming_back) continue;
    if (!longest || server->since < longest->since) longest = server;
  }
  const Standing out = longest ? out_standing(*longest) : Standing::held;
  if (out == Standing::held) return false;
  const std::string cause = parts_.board.cause(longest->id);
  const std::uint32_t good = longest->good;
  stand(*longest, out, cause);
  longest->good = good;
  (*longest->counters)[ServerMetric::ejections].add();
  say(*longest, Level::warning, "server_ejected",
      "is ejected now, too" + keys_go(*longest, standing(*longest)));
  assign_backups(pool);
  return true;
}

bool Health::anybody_up(const Pool& pool) const {
  return std::ranges::any_of(
      pool.members, [&](const Watched* server) { return standing(*server) == Standing::up; });
}

// --- Backups ----------------------------------------------------------------------

// True if the server owns keys that others serve meanwhile.
bool Health::needs_backup(const Watched& member) const {
  return !in_ring(standing(member)) && standing(member) != Standing::joining;
}

// A backup stays where it is while both it and its need last: keys move once.
void Health::assign_backups(Pool& pool) {
  if (pool.settings.eject.mode != EjectMode::backup) {
    for (const Watched* member : pool.members) parts_.board.set_backup_of(member->id, std::nullopt);
    return;
  }
  for (const Watched* member : pool.members) {
    const auto backup = parts_.board.backup_of(member->id);
    const Watched* present = backup ? find(*backup) : nullptr;
    const bool good = present && present->backup && standing(*present) == Standing::up;
    if (backup && !(needs_backup(*member) && good))
      parts_.board.set_backup_of(member->id, std::nullopt);
  }
  for (std::uint32_t i = 0; i < pool.members.size(); ++i) {
    const Watched& member = *pool.members[i];
    if (!needs_backup(member) || parts_.board.backup_of(member.id)) continue;
    if (const auto backup = free_backup(pool, i)) parts_.board.set_backup_of(member.id, backup);
  }
}

// Names the backup before anybody can see that the server is out: else another worker would give
// its keys to the rest of the ring for a moment.
void Health::prepare_backups(const Watched& leaving, Standing next) {
  const Pool& pool = *leaving.pool;
  if (pool.settings.eject.mode != EjectMode::backup || in_ring(next)) return;
  for (std::uint32_t i = 0; i < pool.members.size(); ++i) {
    const Watched& member = *pool.members[i];
    const auto backup = parts_.board.backup_of(member.id);
    const bool needs = &member == &leaving ? !backup : backup == leaving.id;
    if (needs) parts_.board.set_backup_of(member.id, free_backup(pool, i, &leaving));
  }
}

// By index, so that every router would choose the same.
std::optional<pool::ServerId> Health::free_backup(const Pool& pool, std::uint32_t member,
                                                  const Watched* leaving) const {
  const auto count = static_cast<std::uint32_t>(pool.backups.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const Watched& backup = *pool.backups[(member + i) % count];
    if (standing(backup) != Standing::up || &backup == leaving) continue;
    const bool taken = std::ranges::any_of(pool.members, [&](const Watched* other) {
      return parts_.board.backup_of(other->id) == backup.id;
    });
    if (!taken) return backup.id;
  }
  return std::nullopt;
}

// --- Words ------------------------------------------------------------------------

std::string Health::keys_go(const Watched& server, Standing standing) const {
  if (server.backup) return "; it is a backup: another one takes what it had, if one is left";
  if (standing == Standing::held) {
    return "; too many servers of the pool are out, so its keys fail until it is back";
  }
  const config::Eject& rule = server.pool->settings.eject;
  const auto backup = parts_.board.backup_of(server.id);
  const auto found = backup ? watched_.find(*backup) : watched_.end();
  if (found != watched_.end()) return "; backup " + found->second->label + " takes its keys";
  const bool backups = rule.mode == EjectMode::backup;
  const bool rehash = (backups ? rule.then : rule.mode) == EjectMode::rehash;
  return std::string(backups ? "; no backup is left, so" : ";") +
         (rehash ? " its keys go to the other servers" : " its keys fail until it is back");
}

void Health::say(const Watched& server, Level level, std::string_view event,
                 std::string_view what) {
  log::write_limited(lines_.ask(server.label, parts_.now), "standing of " + server.label, level,
                     "server " + server.label + " " + std::string(what),
                     {.name = event,
                      .pool = server.pool->settings.name,
                      .server = server.name,
                      .cause = parts_.board.cause(server.id)});
}

}  // namespace ringway::proxy
