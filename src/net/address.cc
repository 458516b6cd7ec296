// Numeric addresses by inet_pton and inet_ntop. No name is ever looked up here, so
// parsing neither blocks nor asks anybody.
#include "net/address.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sys/un.h>

#include "ringway/base/assert.h"

namespace ringway::net {
namespace {

constexpr std::size_t path_max = sizeof(sockaddr_un::sun_path) - 1;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

Result<Address> unix_address(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return failure("the path of a unix socket must begin with '/'");
  }
  if (path.size() > path_max) {
    return failure("the path of a unix socket has at most " + std::to_string(path_max) + " bytes");
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  const auto length = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  return Address::from(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
}

Result<Address> ipv6_address(const std::string& host, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) {
    return failure("'" + host + "' is not an IPv6 address");
  }
  return Address::from(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Result<Address> ipv4_address(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    return failure("'" + host + "' is not an IPv4 address");
  }
  return Address::from(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

const sockaddr_in& as_ipv4(const sockaddr* address) {
  return *reinterpret_cast<const sockaddr_in*>(address);
}

const sockaddr_in6& as_ipv6(const sockaddr* address) {
  return *reinterpret_cast<const sockaddr_in6*>(address);
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("unix:")) return unix_address(text.substr(5));
  if (text.starts_with('/')) return unix_address(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return failure("a port is missing: write ADDRESS:PORT");
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return failure("'" + std::string(text.substr(colon + 1)) + "' is not a port number");
  const std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    return ipv6_address(std::string(host.substr(1, host.size() - 2)), *port);
  }
  if (host.contains(':')) return failure("write an IPv6 address in brackets: [ADDRESS]:PORT");
  return ipv4_address(std::string(host), *port);
}

Address Address::from(const sockaddr* address, socklen_t length) {
  RINGWAY_ASSERT(length <= sizeof(sockaddr_storage));
  Address copy;
  std::memcpy(&copy.storage_, address, length);
  copy.length_ = length;
  return copy;
}

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  switch (family()) {
    case AF_INET:
      ::inet_ntop(AF_INET, &as_ipv4(data()).sin_addr, host, sizeof host);
      return std::string(host) + ":" + std::to_string(port());
    case AF_INET6:
      ::inet_ntop(AF_INET6, &as_ipv6(data()).sin6_addr, host, sizeof host);
      return "[" + std::string(host) + "]:" + std::to_string(port());
    case AF_UNIX: return "unix:" + std::string(path());
    default: return "";
  }
}

int Address::family() const {
  return empty() ? AF_UNSPEC : storage_.ss_family;
}

std::uint16_t Address::port() const {
  switch (family()) {
    case AF_INET: return ntohs(as_ipv4(data()).sin_port);
    case AF_INET6: return ntohs(as_ipv6(data()).sin6_port);
    default: return 0;
  }
}

std::string_view Address::path() const {
  if (family() != AF_UNIX || length_ <= offsetof(sockaddr_un, sun_path)) return {};
  const auto* address = reinterpret_cast<const sockaddr_un*>(&storage_);
  return {address->sun_path,
          ::strnlen(address->sun_path, length_ - offsetof(sockaddr_un, sun_path))};
}

// Field by field: the kernel leaves what it likes in the padding.
bool Address::operator==(const Address& other) const {
  if (family() != other.family()) return false;
  switch (family()) {
    case AF_INET:
      return port() == other.port() &&
             as_ipv4(data()).sin_addr.s_addr == as_ipv4(other.data()).sin_addr.s_addr;
    case AF_INET6:
      return port() == other.port() &&
             std::memcmp(&as_ipv6(data()).sin6_addr, &as_ipv6(other.data()).sin6_addr, 16) == 0;
    case AF_UNIX: return path() == other.path();
    default: return true;
  }
}

std::strong_ordering Address::operator<=>(const Address& other) const {
  if (family() != other.family()) return family() <=> other.family();
  int order = 0;
  switch (family()) {
    case AF_INET:
      order = std::memcmp(&as_ipv4(data()).sin_addr, &as_ipv4(other.data()).sin_addr, 4);
      break;
    case AF_INET6:
      order = std::memcmp(&as_ipv6(data()).sin6_addr, &as_ipv6(other.data()).sin6_addr, 16);
      break;
    default: order = path().compare(other.path());
  }
  return order != 0 ? order <=> 0 : port() <=> other.port();
}

}  // namespace ringway::net
