// See names.h. A server waits in `unresolved_` from its first question to its first
// address.
#include "reload/names.h"

#include <algorithm>

#include "log/log.h"
#include "proxy/error_text.h"

namespace ringway::reload {

void Names::locate(const snapshot::Snapshot& snapshot) {
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) {
      if (const auto address = net::Address::parse(server.address)) {
        board_.set_address(server.id, *address);
      } else {
        unresolved_.emplace_back(server.id, server.address);
        world_.resolve(server.id, server.address);
      }
    }
  }
  if (!unresolved_.empty()) ask_at_ = world_.now() + ask_again;
}

void Names::step() {
  take_answers();
  ask_for_the_rest();
}

void Names::take_answers() {
  for (const Resolved& answer : world_.take_resolved()) {
    const auto asked = std::ranges::find(unresolved_, answer.server,
                                         &std::pair<pool::ServerId, std::string>::first);
    if (asked == unresolved_.end()) continue;
    if (!answer.address) {
      log::warning("server {}: {}; asking again every {}", asked->second, answer.address.error(),
                   proxy::duration_text(ask_again));
      set_unresolvable(answer.server, true);
      continue;
    }
    log::info("server {} is at {}", asked->second, answer.address->text());
    board_.set_address(answer.server, *answer.address);
    set_unresolvable(answer.server, false);
    unresolved_.erase(asked);
  }
}

void Names::set_unresolvable(pool::ServerId server, bool so) {
  board_.entry(server).set_unresolvable(so);
  crew_.post_all(worker::Reconsider{server});
}

void Names::ask_for_the_rest() {
  if (unresolved_.empty()) {
    ask_at_ = never;
  } else if (world_.now() >= ask_at_) {
    for (const auto& [server, name] : unresolved_) world_.resolve(server, name);
    ask_at_ = world_.now() + ask_again;
  }
}

Instant Names::next() const {
  return unresolved_.empty() ? never : std::min(ask_at_, world_.now() + look_again);
}

}  // namespace ringway::reload
