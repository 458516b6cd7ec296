// One server, one truth: what every worker has to know of a server beyond the snapshot:
// whether it takes traffic, what speaks against it, where its name points to. It outlives
// snapshots. Workers read it without locks on the hot path: they look at version() once
// per turn and copy what they need only when that moved. Locks are for bad days: failures,
// owed keys, and changes of address.
//
// Who writes what: control hands out ids, addresses and what is asked by file or by hand;
// any worker reports failures and owes; the server's home worker alone says how it stands.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/config/config.h"
#include "ringway/pool/pool.h"

#include "board/board_entry.h"
#include "net/address.h"

namespace ringway::proxy {

class Board {
 public:
  static constexpr std::uint32_t servers_max = 1u << 18;

  Board() = default;
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  ~Board();

  // The id of this identity; new ones start up and without an address. For control, and
  // whoever builds a snapshot for it.
  pool::ServerId id_of(const pool::ServerIdentity& identity);
  // No snapshot and no worker knows this server any more: its id may be given to another.
  void release(pool::ServerId id);
  std::size_t size() const;  // Ids in use.

  BoardEntry& entry(pool::ServerId id) const;

  // Before any server is known; for as long as the board lives.
  void watch(BoardWatcher& watcher) { watcher_ = &watcher; }

  // Changes whenever any server's standing or stand-in does.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  Standing standing(pool::ServerId id) const;
  // Home worker; and control, before any worker has heard of the server. `cause` is what
  // clients and the log are told: "refused the connection".
  void set_standing(pool::ServerId id, Standing standing, std::string_view cause = {},
                    Instant now = {});
  std::string cause(pool::ServerId id) const;
  Instant since(pool::ServerId id) const;  // When it began to stand so; zero: at the start.

  // The backup that took this member's place, if one did. Home worker.
  std::optional<pool::ServerId> backup_of(pool::ServerId member) const;
  void set_backup_of(pool::ServerId member, std::optional<pool::ServerId> backup);

  // What is asked for: by hand, which wins, else by the file. Control; tell the home worker.
  config::ServerState asked(pool::ServerId id) const;
  void set_file_state(pool::ServerId id, config::ServerState state);
  void set_hand_state(pool::ServerId id, std::optional<config::ServerState> state, Instant now);
  std::optional<config::ServerState> hand_state(pool::ServerId id) const;
  Instant hand_state_since(pool::ServerId id) const;
  // A server that a reload adds to a running pool, before anybody knows of it.
  void set_joining(pool::ServerId id) { set_standing(id, Standing::joining, "is joining"); }

  // Where the server is now; empty while its name does not resolve. Any thread; tell the
  // home worker of changes.
  net::Address address(pool::ServerId id) const;
  void set_address(pool::ServerId id, const net::Address& address);

 private:
  static constexpr std::uint32_t chunk_entries = 256;
  using Chunk = std::array<BoardEntry, chunk_entries>;

  void moved() { version_.fetch_add(1, std::memory_order_release); }
  pool::ServerId free_id();

  BoardWatcher* watcher_ = nullptr;
  std::atomic<std::uint64_t> version_{1};
  std::array<std::atomic<Chunk*>, servers_max / chunk_entries> chunks_{};
  mutable std::mutex ids_mutex_;
  std::map<pool::ServerIdentity, pool::ServerId> ids_;
  std::vector<pool::ServerId> released_;
  std::uint32_t ids_given_ = 0;
};

}  // namespace ringway::proxy
