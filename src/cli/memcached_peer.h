// The three things that `verify` asks of a memcached or of a proxy before it, for many
// keys at once: each key is stored under itself as value. Failures name the peer.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/peer.h"

namespace ringway::cli {

class MemcachedPeer {
 public:
  using Keys = std::span<const std::string>;

  // `title` is how failures call it: "server web2 (10.0.0.2:11211)".
  static Result<MemcachedPeer> connect(const std::string& address, std::string title);

  // One reply line per key: "STORED", or why not.
  Result<std::vector<std::string>> store(Keys keys, std::uint32_t ttl_s);
  // Whether each key is there with itself as value.
  Result<std::vector<bool>> find(Keys keys);
  // Whatever is there of them.
  Result<void> remove(Keys keys);

 private:
  MemcachedPeer(Peer peer, std::string title) : peer_(std::move(peer)), title_(std::move(title)) {}

  Result<std::vector<std::string>> lines(const std::string& requests, std::size_t count);
  Result<bool> found(const std::string& key);
  std::unexpected<std::string> named(const std::string& why) const;

  Peer peer_;
  std::string title_;
};

}  // namespace ringway::cli
