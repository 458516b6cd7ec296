// What the name servers of this machine say, by getaddrinfo: it may take seconds, so
// nobody asks here who has something else to do.
#pragma once

#include <string>
#include <vector>

#include "net/address.h"

namespace ringway::net {

struct Answer {
  std::vector<Address> addresses;
  // The name does not exist or has no address, as opposed to: nobody could tell.
  bool missing = false;
  std::string why = {};  // Without addresses: "does not resolve: ..."
};

// `name`: "host:port".
Answer looked_up(const std::string& name);

}  // namespace ringway::net
