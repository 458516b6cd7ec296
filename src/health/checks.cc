// When servers are looked at: checks of idle ones, probes of those that are out, and
// the deletes that are owed before one comes back. One question per server at a time.
#include <algorithm>
#include <utility>

#include "exchange/error_text.h"
#include "health/health.h"
#include "health/watched.h"

namespace ringway::proxy {

using metrics::ServerMetric;

namespace {

constexpr double check_jitter = 0.2;
constexpr double probe_jitter = 0.2;

}  // namespace

// Off by up to `share` either way, so that many routers do not ask in step.
Duration Health::off_by(Duration time, double share) {
  const double chance = static_cast<double>(parts_.io.random() % 2001) / 1000 - 1;
  return time + std::chrono::duration_cast<Duration>(time * (chance * share));
}

void Health::set_timer(Watched& server, Duration in) {
  if (!stopped_) parts_.timers.set(server.timer, parts_.now + in);
}

// The next check of a server that is up or drained. None, where checks are off.
void Health::check_again(Watched& server) {
  check_in(server, off_by(server.pool->settings.health.interval, check_jitter));
}

void Health::check_in(Watched& server, Duration in) {
  server.asking = false;
  const bool up = standing(server) == Standing::up;
  if (up && server.entry->in_doubt()) return set_timer(server, std::min(in, doubt_again));
  if (up && server.entry->owed().keys > 0) return set_timer(server, std::min(in, owed_again));
  const bool off = server.pool->settings.health.check == config::Check::off;
  off ? parts_.timers.stop(server.timer) : set_timer(server, in);
}

// One that is held is in the ring, and probed all the same.
bool Health::is_checked(const Watched& server) const {
  const Standing now = standing(server);
  return now == Standing::up || (now == Standing::drained && !server.returning_by_hand);
}

// The next probe of a server that is out.
void Health::probe_again(Watched& server) {
  server.asking = false;
  const bool urgent = standing(server) == Standing::held || !anybody_up(*server.pool);
  const Duration pause = off_by(server.probe_pause, probe_jitter);
  server.probe_pause = std::min(server.probe_pause * 3 / 2, probe_slowest);
  if (!urgent) return set_timer(server, std::min(pause, probe_slowest));
  // From the beginning of the last one on, however long that took.
  const Duration since = parts_.now - server.asked_at;
  set_timer(server, std::clamp(probe_urgent - since, Duration::zero(), pause));
}

// With nobody up, those that have been out for long must not wait for their slow probes.
void Health::hurry_probes(Pool& pool) {
  if (anybody_up(pool)) return;
  for (Watched* server : pool.members) hurry_probe(*server);
  for (Watched* server : pool.backups) hurry_probe(*server);
}

void Health::hurry_probe(Watched& server) {
  if (is_checked(server) || server.asking || !server.timer.set()) return;
  const Duration pause = off_by(probe_urgent * 5 / 6, probe_jitter);
  if (server.timer.at > parts_.now + pause) set_timer(server, pause);
}

void Health::probe_soon(Watched& server) {
  if (server.asking || server.coming_back) return;
  server.probe_pause = probe_first;
  set_timer(server, Duration::zero());
}

// Asks a server in doubt: traffic alone would only hear its errors. A check that is under way will
// tell as well.
void Health::ask_in_doubt(Watched& server) {
  if (!server.asking) set_timer(server, Duration::zero());
}

void Health::on_timer(net::Timer& timer) {
  Watched& server = *static_cast<Watched*>(timer.owner);
  if (server.asking) return check_timed_out(server);
  deliver_owed(server);
  const config::Health& health = server.pool->settings.health;
  const Standing now = standing(server);
  if (now == Standing::maintenance && !server.returning_by_hand) return;
  const bool doubt = now == Standing::up && server.entry->in_doubt();
  if (is_checked(server) && !doubt && health.check == config::Check::off)
    return check_again(server);
  // Traffic proves more than a check could; but what a ringway answers may be misses that are
  // none.
  const Duration silent = parts_.now - server.entry->heard_at();
  const bool proves = !doubt && !server.entry->is_ringway();
  if (is_checked(server) && proves && silent < health.interval) {
    server.bad = 0;
    return check_in(
        server, std::max(off_by(health.interval, check_jitter) - silent, BoardEntry::heard_again));
  }
  ask(server);
}

void Health::ask(Watched& server) {
  (*server.counters)[ServerMetric::checks].add();
  server.asking = true;
  server.asked_at = parts_.now;
  // Of a connection that is being made, its own limits tell.
  set_timer(server, server.pool->settings.health.timeout);
  if (ServerConn* conn = servers_.prove(server.id)) executor_.send_check(*conn);
}

// A new connection has connect_timeout to prove the server; a ready one that is busy says
// nothing either way. And if it is us who are late, nothing is known.
void Health::check_timed_out(Watched& server) {
  const config::Health& health = server.pool->settings.health;
  const Duration late = parts_.now - server.timer.at;
  if (late > health.timeout / 4) {
    parts_.count(metrics::WorkerMetric::late_turns).add();
    return set_timer(server, health.timeout);
  }
  if (servers_.connecting(server.id)) return set_timer(server, health.timeout);
  const std::string cause = "did not answer a check within " + duration_text(health.timeout);
  const auto silent = servers_.silent_for(server.id);
  if (silent >= health.timeout) {
    servers_.give_up_silent(server.id, cause);
    if (!server.asking) return;  // on_disproved() came.
  }
  // It fell silent a moment after it was asked, when the check had left.
  if (silent >= health.timeout * 3 / 4) return set_timer(server, health.timeout - *silent);
  if (server.coming_back) {
    set_timer(server, health.timeout);
    return deliver_owed(server);  // Its connection may have ended without being lost.
  }
  is_checked(server) ? check_again(server) : probe_again(server);
}

void Health::on_proved(pool::ServerId id) {
  Watched* server = find(id);
  if (!server || server->coming_back) return;
  ++server->good;
  server->entry->end_doubt(parts_.now);
  server->entry->report_probe(true, false);
  server->bad = 0;
  const config::Pool& settings = server->pool->settings;
  switch (standing(*server)) {
    case Standing::up: check_again(*server); return deliver_owed(*server);
    case Standing::joining:
      if (server->kept_out == config::ServerState::up) come_back(*server);
      return;
    case Standing::drained:
      return server->returning_by_hand ? come_back(*server) : check_again(*server);
    case Standing::maintenance:
      if (server->returning_by_hand) come_back(*server);
      return;
    default: break;
  }
  const bool patient = standing(*server) == Standing::held || !server->ejected_at ||
                       parts_.now - *server->ejected_at >= server->retry_after;
  const bool enough = server->good >= settings.health.rise;
  if (enough && patient) return come_back(*server);
  // It lives: no reason to let it wait longer than it must, nor to ask it every second for
  // as long as one that flaps has to wait.
  if (!enough) server->probe_pause = probe_first;
  probe_again(*server);
  if (patient) return;
  const Instant earliest = *server->ejected_at + server->retry_after;
  if (server->timer.at > earliest) parts_.timers.set(server->timer, earliest);
}

void Health::on_ready(pool::ServerId id) {
  Watched* server = find(id);
  if (!server) return;
  // It was being made already when a proof was asked for.
  if (server->asking && !server->coming_back) return on_proved(id);
  deliver_owed(*server);
}

void Health::on_disproved(pool::ServerId id, std::string_view cause) {
  Watched* server = find(id);
  if (!server) return;
  const config::Pool& settings = server->pool->settings;
  const config::Health& health = settings.health;
  const Standing now = standing(*server);
  // Traffic's own failures are counted where they happen.
  if (!server->asking && !server->coming_back) return;
  if (now == Standing::maintenance && !server->returning_by_hand) return;
  (*server->counters)[ServerMetric::check_failures].add();
  const bool doubt = server->entry->in_doubt();
  const bool heard = !doubt && !server->entry->is_ringway() &&
                     parts_.now - server->entry->heard_at() < health.interval;
  server->entry->report_probe(false, heard);
  server->good = 0;
  const bool came_back = std::exchange(server->coming_back, false);
  if (server->returning_by_hand && settings.eject.failures > 0) {
    return return_failed(*server, cause);
  }
  if (!is_checked(*server)) {
    probe_again(*server);
    // It may have been passed over when a place outside the ring became free.
    if (came_back && now == Standing::held) eject_held(*server->pool);
    return;
  }
  server->bad = heard ? 0 : server->bad + 1;
  if (now == Standing::up && (doubt || server->bad >= health.fall)) return eject(*server, cause);
  check_again(*server);
}

// An operator asked for the server to be up, and it does not work. It is not held, for then it
// would take keys that others serve.
void Health::return_failed(Watched& server, std::string_view cause) {
  if (out_standing(server) != Standing::held) {
    server.returning_by_hand = false;
    return eject(server, cause);
  }
  if (server.bad++ == 0) {
    say(server, log::Level::warning, "server_stays_out",
        "stays out although it is asked to be up: it " + std::string(cause));
  }
  probe_again(server);
}

// --- What is owed -------------------------------------------------------------------

// At the end of the process, which forgets it: from now on whatever is owed is due at once.
void Health::deliver(pool::ServerId id) {
  ending_ = true;
  if (Watched* server = find(id)) deliver_owed(*server);
}

// What was owed a moment ago is left to the next request for its key, which pays it in front of
// itself. Paid by this worker it could remove what another worker's client has just written.
Instant Health::nobody_asked_since(const Watched& server) const {
  return server.coming_back || ending_ ? never : parts_.now - owed_again;
}

void Health::deliver_owed(Watched& server) {
  if (standing(server) != Standing::up && !server.coming_back) return;
  const std::uint32_t most = std::min(owed_batch, server.pool->settings.server_queue_max);
  while (server.delivering < most) {
    ServerConn* conn = servers_.ready_connection(server.id);
    if (!conn && server.entry->owes()) return connect_to_deliver(server);
    if (!conn) break;
    const auto keys = server.entry->take_owed(1, nobody_asked_since(server));
    if (keys.empty()) break;
    ++server.delivering;
    executor_.send_owed_delete(*conn, keys[0]);
  }
  if (server.coming_back && has_what_was_owed(server)) return readmit(server);
  if (!server.coming_back && server.entry->owes()) deliver_again(server);
}

// There is no connection to send owed deletes on: one is made, and delivers when it is ready. A
// server that was about to come back and lost its connection stays out.
void Health::connect_to_deliver(Watched& server) {
  const bool connecting = servers_.connecting(server.id);
  if (server.coming_back)
    return connecting ? void() : on_disproved(server.id, "lost the connection");
  if (!connecting && !servers_.backs_off(server.id)) servers_.prove(server.id);
  deliver_again(server);
}

// What a server that is up was not delivered is tried again by a timer of its own, for with enough
// traffic no check may come to look.
void Health::deliver_again(Watched& server) {
  if (server.asking) return;
  if (!server.timer.set() || server.timer.at > parts_.now + owed_again) {
    set_timer(server, owed_again);
  }
}

// An owed delete was answered. If it was an error the key is dropped and counted: the server would
// answer so again, and must not stay out for ever by it.
void Health::on_owed_answered(pool::ServerId id, bool done) {
  Watched* server = find(id);
  if (!done) parts_.board.entry(id).drop_owed();
  // It may have been removed and added again meanwhile.
  if (!server || server->delivering == 0) return;
  --server->delivering;
  if (server->owed_before > 0) --server->owed_before;
  if (done) (*server->counters)[ServerMetric::owed_delivered].add();
  deliver_owed(*server);
}

void Health::on_owed_failed(pool::ServerId id, std::string key) {
  Watched* server = find(id);
  const std::uint64_t bytes_max =
      server ? server->pool->settings.eject.owed_max : config::Eject{}.owed_max;
  // Also of one that was removed: it may be back before its connections have ended.
  parts_.board.entry(id).owe_again({std::move(key)}, bytes_max, parts_.now);
  if (!server || server->delivering == 0) return;
  --server->delivering;
  if (server->delivering > 0) return;
  if (server->coming_back) return on_disproved(id, "lost the connection");
  if (standing(*server) == Standing::up) deliver_again(*server);
}

}  // namespace ringway::proxy
