// Gives the file of a unix socket to a group, so that its members may connect. Names of
// groups are looked up once, at the start.
#pragma once

#include <string>

#include "ringway/base/result.h"

#include "net/address.h"

namespace ringway::admin {

// A name or a number. Nothing to do for an empty one, or for another kind of address.
Result<void> give_to_group(const net::Address& address, const std::string& group);

}  // namespace ringway::admin
