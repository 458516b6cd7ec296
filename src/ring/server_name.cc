// See the header for the rule and its examples. Text in, text out: nothing is looked
// up and nothing refused, since a name that changes moves keys.
#include "ringway/ring/server_name.h"

#include <algorithm>

namespace ringway::ring {
namespace {

bool is_port_11211(std::string_view port) {
  port.remove_prefix(std::min(port.find_first_not_of('0'), port.size()));
  return port == "11211";
}

}  // namespace

std::string ketama_name(std::string_view address_as_written) {
  std::string_view address = address_as_written;
  if (address.starts_with("unix:")) address.remove_prefix(5);
  if (address.starts_with('/')) return std::string(address) + ':';
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::string(address);
  return std::string(is_port_11211(address.substr(colon + 1)) ? address.substr(0, colon) : address);
}

}  // namespace ringway::ring
