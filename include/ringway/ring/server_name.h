// The name under which a server is hashed when its configuration gives none. It
// decides where keys live, so it is twemproxy's rule, oddities included:
//
//   "10.0.0.1:11211"    10.0.0.1           the port is numerically 11211: host alone
//   "10.0.0.1:011211"   10.0.0.1           (libmemcached's rule)
//   "10.0.0.1:0600"     10.0.0.1:0600      any other port: as written
//   "/run/mc.sock"      /run/mc.sock:      a socket's path, with a trailing colon
//   "unix:/run/mc.sock" /run/mc.sock:      the same server in this program's notation
//   "[::1]:11211"       [::1]              host and port part at the last colon;
//                                          brackets, if written, are part of the name
//
// A weight is never part of a name.
#pragma once

#include <string>
#include <string_view>

namespace ringway::ring {

// `address_as_written` is without weight and name. Text that is no address is its
// own name: judging addresses is the configuration's task.
std::string ketama_name(std::string_view address_as_written);

}  // namespace ringway::ring
