// See own_addresses.h. 0.0.0.0 and [::] take a port on all addresses of their kind, and of no
// other: IPv6 sockets are for IPv6 alone.
#include "reload/own_addresses.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include "net/address.h"

namespace ringway::reload {
namespace {

bool takes_all(const net::Address& address) {
  const std::string text = address.text();
  return text.starts_with("0.0.0.0:") || text.starts_with("[::]:");
}

bool overlap(const std::string& one, const std::string& other) {
  const auto a = net::Address::parse(one);
  const auto b = net::Address::parse(other);
  if (!a || !b || a->family() != b->family()) return false;
  if (a->family() == AF_UNIX) return *a == *b;
  if (a->port() == 0 || a->port() != b->port()) return false;
  return *a == *b || takes_all(*a) || takes_all(*b);
}

net::NoSocket until_restart(const std::string& bind, const char* section, const std::string& held) {
  return {fmt::format("cannot listen on {}: {} of this ringway has {} until a restart", bind,
                      section, held),
          "take another address, or restart"};
}

}  // namespace

std::optional<net::NoSocket> in_the_way(const std::string& bind, const InForce& present,
                                        const std::vector<OpenSocket>& sockets) {
  for (const OpenSocket& socket : sockets) {
    if (socket.lost || !overlap(bind, socket.bind)) continue;
    const snapshot::Listener* own = present.snapshot->listener(socket.listener);
    return net::NoSocket{
        fmt::format("cannot listen on {}: listener {} of this ringway still has {}", bind,
                    own ? own->settings.name : "", socket.bind),
        "take it away by a reload of its own before this one, or restart"};
  }
  const config::Config& started = *present.started;
  for (const std::string& held : started.metrics.bind) {
    if (overlap(bind, held)) return until_restart(bind, "[metrics]", held);
  }
  for (const std::string& held : started.admin.bind) {
    if (overlap(bind, held)) return until_restart(bind, "[admin]", held);
  }
  return std::nullopt;
}

}  // namespace ringway::reload
