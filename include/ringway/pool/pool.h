// A pool as traffic sees it: servers, and the rule that says which of them owns a
// key. Immutable; built by snapshot.h's build().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ringway/config/config.h"
#include "ringway/hash/hash.h"
#include "ringway/hash/hash_tag.h"
#include "ringway/proto/dialect.h"
#include "ringway/ring/distribution.h"

namespace ringway::pool {

// Names a server process-wide, across snapshots, for as long as anything refers
// to it. Which one it is is decided by identity (see ServerIdentity), not by name.
enum class ServerId : std::uint32_t {};

constexpr std::uint32_t index_of(ServerId id) {
  return static_cast<std::uint32_t>(id);
}

// What makes a server the same across a reload: connections, health and owed
// deletes belong to it. Neither its name nor its weight is part of it, nor is what a connection
// needs to be let in (a password): that is the connection's.
struct ServerIdentity {
  std::string pool;
  std::string address;  // As written, not as resolved.
  std::string name;     // Only where two servers of the pool share an address; else empty.
  config::Protocol protocol = config::Protocol::memcached;

  auto operator<=>(const ServerIdentity&) const = default;
};

struct Server {
  ServerId id{};
  std::string name;
  std::string address;
  std::string label;  // As errors name it: "web2 (10.0.0.2:11211)".
  config::ServerState state = config::ServerState::up;  // As the file has it.
  bool backup = false;  // Owns no keys: takes the place of one that is out.
};

struct Pool {
  config::Pool settings;
  std::uint32_t number = 0;  // Its place in the snapshot.
  bool retiring = false;     // The configuration has it no more, but some clients do.
  const proto::Dialect* dialect = nullptr;  // Null: not spoken yet, so nobody listens for it.
  const hash::HashFunction* hash = nullptr;
  hash::HashTag tag;
  std::unique_ptr<ring::Distribution> distribution;
  // First the members, as the distribution counts them, then the backups; each in the order
  // of the file.
  std::vector<Server> servers;
  std::uint32_t member_count = 0;

  std::span<const Server> members() const { return {servers.data(), member_count}; }
  std::span<const Server> backups() const { return std::span(servers).subspan(member_count); }
  const std::string& name() const { return settings.name; }
};

}  // namespace ringway::pool
