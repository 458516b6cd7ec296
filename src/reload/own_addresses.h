// Addresses that this very process holds: a new listener cannot have one that overlaps them
// before they are given up, and they are given up after it was opened. Listeners that merely
// stay are not asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/listener_socket.h"
#include "reload/in_force.h"
#include "reload/listener_plan.h"

namespace ringway::reload {

// Who of this process is in the way of `bind`, and what helps; nothing if nobody is.
std::optional<net::NoSocket> in_the_way(const std::string& bind, const InForce& present,
                                        const std::vector<OpenSocket>& sockets);

}  // namespace ringway::reload
