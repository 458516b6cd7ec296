// Gives the file of a unix socket to a group, so that its members may connect. Names of
// groups are looked up once, at the start.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <sys/types.h>

#include "net/address.h"
#include "net/listener_socket.h"

namespace ringway::net {

// By name or number. A number needs no group of that number.
std::optional<gid_t> group_number(const std::string& group);

// Whether this process may give its files to that group, as far as that can be told beforehand.
bool may_give_to_group(gid_t group);

// Nothing to do for an empty one, or for another kind of address.
std::expected<void, NoSocket> give_to_group(const Address& address, const std::string& group);

}  // namespace ringway::net
