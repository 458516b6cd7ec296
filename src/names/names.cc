// See names.h. Several servers share a Name if they are written alike: in two pools, or
// told apart by their own names.
#include "names/names.h"

#include <algorithm>
#include <fmt/core.h>
#include <set>

#include "exchange/error_text.h"
#include "log/log.h"

namespace ringway::reload {

// --- Which names there are ----------------------------------------------------------

void Names::locate(const snapshot::Snapshot& snapshot) {
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) {
      if (const auto address = net::Address::parse(server.address)) {
        if (board_.address(server.id).empty()) board_.set_address(server.id, *address);
      } else {
        add(names_[server.address], server.id, pool->settings.dns_refresh);
      }
    }
  }
}

void Names::expect(const config::Config& config) {
  for (const config::Pool& pool : config.pools) {
    for (const config::Server& server : pool.servers) {
      if (net::Address::parse(server.address)) continue;
      const auto [at, added] = names_.try_emplace(server.address);
      if (added) at->second.refresh = pool.dns_refresh;
    }
  }
}

void Names::add(Name& name, pool::ServerId server, Duration refresh) {
  const bool first = name.servers.empty();
  name.refresh = first ? refresh : std::min(name.refresh, refresh);
  if (std::ranges::count(name.servers, server) > 0) return;
  name.servers.push_back(server);
  // Also that there is no such name, if that is known.
  if (name.answered) place(server, name.state.address());
}

bool Names::located(const snapshot::Snapshot& snapshot) const {
  return std::ranges::all_of(snapshot.pools, [this](const auto& pool) {
    return std::ranges::all_of(pool->servers, [this](const pool::Server& server) {
      const auto name = names_.find(server.address);
      return name == names_.end() || name->second.answered;
    });
  });
}

void Names::keep_only(const snapshot::Snapshot& snapshot) {
  std::set<pool::ServerId> known;
  std::map<std::string, Duration> refresh;
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) {
      known.insert(server.id);
      const auto [at, added] = refresh.emplace(server.address, pool->settings.dns_refresh);
      if (!added) at->second = std::min(at->second, pool->settings.dns_refresh);
    }
  }
  for (auto& [text, name] : names_) {
    std::erase_if(name.servers, [&](pool::ServerId server) { return !known.contains(server); });
    if (name.servers.empty()) continue;
    name.refresh = refresh.at(text);
    // One that became shorter holds from now on.
    name.ask_at = std::min(name.ask_at, off_by_chance(name.refresh));
  }
  std::erase_if(names_, [](const Entry& entry) { return entry.second.servers.empty(); });
}

// --- Asking ---------------------------------------------------------------------------

void Names::step() {
  for (const Resolved& resolved : env_.take_resolved()) {
    const auto found = names_.find(resolved.name);
    if (found != names_.end()) take(*found, resolved.answer);
  }
  const Instant now = env_.now();
  for (auto& [text, name] : names_) {
    if (doubted(name)) name.ask_at = std::min(name.ask_at, name.asked_at + ask_pause);
    if (name.asked || now < name.ask_at) continue;
    name.asked = true;
    name.asked_at = now;
    env_.resolve(text);
  }
}

bool Names::doubted(const Name& name) const {
  bool any = false;
  for (const pool::ServerId server : name.servers) any |= board_.entry(server).take_doubt();
  return any;
}

Instant Names::next() const {
  Instant first = never;
  for (const auto& [text, name] : names_) {
    const Duration pause = name.asked ? look_for_answer : look_again;
    first = std::min(first, env_.now() + pause);
    if (!name.asked) first = std::min(first, name.ask_at);
  }
  return first;
}

// Off by up to a fifth either way, so that many routers do not ask in step.
Instant Names::off_by_chance(Duration pause) {
  const double chance = static_cast<double>(env_.random() % 2001) / 1000 - 1;
  return env_.now() + pause + std::chrono::duration_cast<Duration>(pause * (chance * jitter));
}

// --- Answers --------------------------------------------------------------------------

void Names::take(Entry& entry, const Answer& answer) {
  Name& name = entry.second;
  const net::Address before = name.state.address();
  const std::uint32_t failed_before = name.state.failed();
  const NameState::Verdict verdict = name.state.take(answer);
  const bool first = !std::exchange(name.answered, true);
  name.asked = false;
  name.ask_at = off_by_chance(name.state.pause(name.refresh));
  switch (verdict) {
    case NameState::Verdict::move: return move(entry, before);
    case NameState::Verdict::lose:
      if (first || !before.empty()) lose(entry, before, answer.why);
      return;
    case NameState::Verdict::keep: break;
  }
  if (!answer.addresses.empty() || failed_before > 0) return;
  say(entry.first, true, fmt::format("{}; it stays at {} meanwhile", answer.why, before.text()));
}

// What flaps must not fill a disk.
void Names::say(const std::string& name, bool warns, const std::string& what) {
  log::write_limited(
      lines_.ask(name, env_.now()), "address of " + name,
      warns ? log::Level::warning : log::Level::info, "server " + name + " " + what,
      {.name = warns ? "name_trouble" : "name_moved", .server = name, .cause = what});
}

void Names::move(Entry& entry, const net::Address& before) {
  const net::Address& address = entry.second.state.address();
  if (before.empty()) {
    say(entry.first, false, "is at " + address.text());
  } else {
    say(entry.first, false, fmt::format("has moved from {} to {}", before.text(), address.text()));
  }
  for (const pool::ServerId server : entry.second.servers) place(server, address);
}

void Names::lose(Entry& entry, const net::Address& before, const std::string& why) {
  if (before.empty()) {
    say(entry.first, true, why + "; it is asked for again");
  } else {
    say(entry.first, true,
        fmt::format("{}, {} times running; it is at {} no more, and asked for again", why,
                    NameState::missing_max, before.text()));
  }
  for (const pool::ServerId server : entry.second.servers) place(server, {});
}

void Names::place(pool::ServerId server, const net::Address& address) {
  board_.set_address(server, address);
  board_.entry(server).set_unresolvable(address.empty());
  // First its connections, then its standing: a probe must find the new address.
  shared_.post_all(worker::Relocate{server});
  shared_.post_all(worker::Reconsider{server});
}

}  // namespace ringway::reload
