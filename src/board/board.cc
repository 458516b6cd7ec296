// Entries sit in chunks that never move, so that a worker can read while control
// adds servers.
#include "board/board.h"

#include <utility>

#include "ringway/base/assert.h"

namespace ringway::proxy {

Board::~Board() {
  for (auto& chunk : chunks_) delete chunk.load();
}

pool::ServerId Board::id_of(const pool::ServerIdentity& identity) {
  const std::lock_guard lock(ids_mutex_);
  const auto found = ids_.find(identity);
  return found != ids_.end() ? found->second : ids_.emplace(identity, free_id()).first->second;
}

pool::ServerId Board::free_id() {
  if (!released_.empty()) {
    const pool::ServerId id = released_.back();
    released_.pop_back();
    return id;
  }
  RINGWAY_ASSERT(ids_given_ < servers_max);
  auto& chunk = chunks_[ids_given_ / chunk_entries];
  if (!chunk.load(std::memory_order_relaxed)) chunk.store(new Chunk, std::memory_order_release);
  const pool::ServerId id{ids_given_++};
  entry(id).id_ = id;
  entry(id).watcher_ = watcher_;
  return id;
}

void Board::release(pool::ServerId id) {
  const std::lock_guard lock(ids_mutex_);
  const auto erased = std::erase_if(ids_, [id](const auto& pair) { return pair.second == id; });
  RINGWAY_ASSERT(erased == 1 && "an id is released once");
  entry(id).reset();
  moved();
  released_.push_back(id);
}

std::size_t Board::size() const {
  const std::lock_guard lock(ids_mutex_);
  return ids_.size();
}

BoardEntry& Board::entry(pool::ServerId id) const {
  const std::uint32_t index = pool::index_of(id);
  RINGWAY_ASSERT(index < servers_max);
  Chunk* chunk = chunks_[index / chunk_entries].load(std::memory_order_acquire);
  RINGWAY_ASSERT(chunk != nullptr);
  return (*chunk)[index % chunk_entries];
}

Standing Board::standing(pool::ServerId id) const {
  return entry(id).standing();
}

void Board::set_standing(pool::ServerId id, Standing standing, std::string_view cause,
                         Instant now) {
  BoardEntry& server = entry(id);
  {
    const std::lock_guard lock(server.mutex_);
    server.cause_ = cause;
    const Standing before = server.standing_.exchange(standing, std::memory_order_acq_rel);
    if (before == standing) return;
    if (watcher_) watcher_->on_standing(id, before, standing);
    server.since_ = now;
  }
  moved();
}

std::string Board::cause(pool::ServerId id) const {
  const BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  return server.cause_;
}

Instant Board::since(pool::ServerId id) const {
  const BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  return server.since_;
}

std::optional<pool::ServerId> Board::backup_of(pool::ServerId member) const {
  const std::uint32_t backup = entry(member).backup_.load(std::memory_order_acquire);
  if (backup == BoardEntry::no_backup) return std::nullopt;
  return pool::ServerId{backup};
}

void Board::set_backup_of(pool::ServerId member, std::optional<pool::ServerId> backup) {
  const std::uint32_t to = backup ? pool::index_of(*backup) : BoardEntry::no_backup;
  if (entry(member).backup_.exchange(to, std::memory_order_acq_rel) != to) moved();
}

config::ServerState Board::asked(pool::ServerId id) const {
  const BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  return server.hand_state_.value_or(server.file_state_);
}

void Board::set_file_state(pool::ServerId id, config::ServerState state) {
  BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  server.file_state_ = state;
}

void Board::set_hand_state(pool::ServerId id, std::optional<config::ServerState> state,
                           Instant now) {
  BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  if (server.hand_state_ == state) return;
  server.hand_state_ = state;
  server.hand_state_since_ = now;
}

std::optional<config::ServerState> Board::hand_state(pool::ServerId id) const {
  const BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  return server.hand_state_;
}

Instant Board::hand_state_since(pool::ServerId id) const {
  const BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  return server.hand_state_since_;
}

net::Address Board::address(pool::ServerId id) const {
  const BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  return server.address_;
}

void Board::set_address(pool::ServerId id, const net::Address& address) {
  BoardEntry& server = entry(id);
  const std::lock_guard lock(server.mutex_);
  server.address_ = address;
}

}  // namespace ringway::proxy
