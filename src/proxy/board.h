// One server, one truth: what every worker has to know about a server beyond the
// snapshot: whether it takes traffic, and where its name points to at present. It
// outlives snapshots. Workers read it without locks on the hot path: they look at
// version() once per turn and copy the bits only when that moved.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ringway/pool/pool.h"

#include "net/address.h"

namespace ringway::proxy {

class Board {
 public:
  static constexpr std::uint32_t servers_max = 1u << 18;

  Board() = default;
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  ~Board();

  // Control's thread: the id of this identity, new ones start live and unresolved.
  pool::ServerId id_of(const pool::ServerIdentity& identity);

  // Changes whenever any server's liveness does.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  bool live(pool::ServerId id) const;
  void set_live(pool::ServerId id, bool live);

  // Where the server is now; empty while its name does not resolve. Any thread.
  net::Address address(pool::ServerId id) const;
  void set_address(pool::ServerId id, const net::Address& address);

 private:
  struct Entry {
    std::atomic<bool> live{true};
    mutable std::mutex mutex;
    net::Address address;
  };
  static constexpr std::uint32_t chunk_entries = 256;
  using Chunk = std::array<Entry, chunk_entries>;

  Entry& entry(pool::ServerId id) const;

  std::atomic<std::uint64_t> version_{1};
  std::array<std::atomic<Chunk*>, servers_max / chunk_entries> chunks_{};
  std::uint32_t size_ = 0;                              // Control only.
  std::map<pool::ServerIdentity, pool::ServerId> ids_;  // Control only.
};

}  // namespace ringway::proxy
