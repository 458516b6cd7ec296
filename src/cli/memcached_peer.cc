// See memcached_peer.h. The oldest words of the protocol, which every proxy knows; many
// requests are sent before the first reply is read.
#include "cli/memcached_peer.h"

#include <charconv>
#include <chrono>
#include <fmt/format.h>

namespace ringway::cli {
namespace {

// Longer than the timeouts of proxies, which answer with an error after theirs.
constexpr Duration timeout = std::chrono::seconds(10);

}  // namespace

Result<MemcachedPeer> MemcachedPeer::connect(const std::string& address, std::string title) {
  auto peer = Peer::connect(address, timeout);
  if (!peer) return failure(fmt::format("{}: {}", title, peer.error()));
  return MemcachedPeer(std::move(*peer), std::move(title));
}

std::unexpected<std::string> MemcachedPeer::named(const std::string& why) const {
  return failure(fmt::format("{}: {}", title_, why));
}

Result<std::vector<std::string>> MemcachedPeer::lines(const std::string& requests,
                                                      std::size_t count) {
  if (const auto sent = peer_.send(requests); !sent) return named(sent.error());
  std::vector<std::string> all;
  while (all.size() < count) {
    auto line = peer_.line();
    if (!line) return named(line.error());
    all.push_back(std::move(*line));
  }
  return all;
}

Result<std::vector<std::string>> MemcachedPeer::store(Keys keys, std::uint32_t ttl_s) {
  std::string requests;
  for (const std::string& key : keys) {
    requests += fmt::format("set {} 0 {} {}\r\n{}\r\n", key, ttl_s, key.size(), key);
  }
  return lines(requests, keys.size());
}

Result<std::vector<bool>> MemcachedPeer::find(Keys keys) {
  std::string requests;
  for (const std::string& key : keys) requests += fmt::format("get {}\r\n", key);
  if (const auto sent = peer_.send(requests); !sent) return named(sent.error());
  std::vector<bool> all;
  for (const std::string& key : keys) {
    const auto one = found(key);
    if (!one) return named(one.error());
    all.push_back(*one);
  }
  return all;
}

// "END", or "VALUE <key> 0 <bytes>", the value and "END".
Result<bool> MemcachedPeer::found(const std::string& key) {
  const auto head = peer_.line();
  if (!head) return std::unexpected(head.error());
  if (*head == "END") return false;
  if (*head != fmt::format("VALUE {} 0 {}", key, key.size())) {
    return failure(fmt::format("answers a get with '{}'", *head));
  }
  const auto rest = peer_.bytes(key.size() + 7);
  if (!rest) return std::unexpected(rest.error());
  return *rest == key + "\r\nEND\r\n";
}

Result<void> MemcachedPeer::remove(Keys keys) {
  std::string requests;
  for (const std::string& key : keys) requests += fmt::format("delete {}\r\n", key);
  const auto replies = lines(requests, keys.size());
  if (!replies) return std::unexpected(replies.error());
  return {};
}

}  // namespace ringway::cli
