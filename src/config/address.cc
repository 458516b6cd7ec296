// See address.h. An IPv6 address must stand in brackets: without them nobody can
// tell its last group from a port.
#include "config/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

#include "ringway/base/plain_text.h"

namespace ringway::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t path_max = 107;  // sun_path, less its final zero.
constexpr std::size_t host_max = 253;  // RFC 1035, as text.
constexpr std::uint32_t port_max = 65535;

bool is_ipv4(const std::string& host) {
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

// In its shortest spelling; nothing if it is none.
std::optional<std::string> ipv6(const std::string& host) {
  in6_addr parsed{};
  char shortest[INET6_ADDRSTRLEN] = {};
  if (inet_pton(AF_INET6, host.c_str(), &parsed) != 1) return std::nullopt;
  return inet_ntop(AF_INET6, &parsed, shortest, sizeof shortest);
}

// Without empty parts and dots. ".." stays: where it leads, symbolic links decide.
std::string plain_path(std::string_view path) {
  std::string plain;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    if (!part.empty() && part != ".") plain.append("/").append(part);
    at = end + 1;
  }
  return plain.empty() ? "/" : plain;
}

bool is_host_name(std::string_view host) {
  constexpr std::string_view chars =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !host.empty() && host.size() <= host_max && host.find_first_not_of(chars) == host.npos;
}

Result<HostPort> parse_path(std::string_view text) {
  const auto path = text.substr(unix_prefix.size());
  if (!path.starts_with('/')) {
    return failure(fmt::format("'{}' is not an absolute path: write unix:/run/name.sock", text));
  }
  if (path.size() > path_max) {
    return failure(fmt::format("the path of a unix socket has at most {} bytes", path_max));
  }
  if (!is_plain_text(path)) {
    return failure(fmt::format("the path '{}' is not plain UTF-8 text", path));
  }
  HostPort address;
  address.path = plain_path(path);
  return address;
}

// Numeric, with any leading zeros: twemproxy's users have "011211".
std::optional<std::uint32_t> parse_port(std::string_view digits) {
  std::uint32_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port > port_max) return std::nullopt;
  return port;
}

Result<std::string> parse_host(std::string_view host, bool& numeric) {
  if (host.starts_with('[') && host.ends_with(']')) {
    std::string inner(host.substr(1, host.size() - 2));
    numeric = true;
    if (auto shortest = ipv6(inner)) return *shortest;
    return failure(fmt::format("'{}' is not an IPv6 address", inner));
  }
  std::string name(host);
  if (name.find(':') != name.npos) {
    return failure(
        fmt::format("'{}' looks like an IPv6 address: write it in brackets, [::1]:11211", host));
  }
  numeric = is_ipv4(name);
  const bool only_digits_and_dots = name.find_first_not_of("0123456789.") == name.npos;
  if (!numeric && only_digits_and_dots) {
    return failure(fmt::format("'{}' is not an IPv4 address", name));
  }
  if (!is_host_name(name)) return failure(fmt::format("'{}' is not a host name", name));
  return name;
}

}  // namespace

Result<HostPort> parse_address(std::string_view text) {
  if (text.starts_with(unix_prefix)) return parse_path(text);
  const auto colon = text.rfind(':');
  if (colon == text.npos || text.ends_with(']')) {
    return failure(fmt::format("'{}' has no port: write {}:11211", text, text));
  }
  HostPort address;
  const auto host = parse_host(text.substr(0, colon), address.numeric);
  if (!host) return failure(host.error());
  address.host = *host;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) {
    return failure(
        fmt::format("'{}' is not a port from 0 to {}", text.substr(colon + 1), port_max));
  }
  address.port = *port;
  return address;
}

bool is_loopback(const HostPort& address) {
  return address.unix_socket() || address.host == "::1" ||
         (address.numeric && address.host.starts_with("127."));
}

bool is_wildcard(const HostPort& address) {
  return address.numeric && (address.host == "0.0.0.0" || address.host == "::");
}

std::string one_spelling(std::string_view bind) {
  const std::string prefix(bind.starts_with('/') ? unix_prefix : "");
  const auto address = parse_address(prefix + std::string(bind));
  if (!address) return std::string(bind);
  if (address->unix_socket()) return fmt::format("{}{}", unix_prefix, address->path);
  const bool is_ipv6 = address->host.contains(':');
  return fmt::format("{}:{}", is_ipv6 ? "[" + address->host + "]" : address->host, address->port);
}

}  // namespace ringway::config
