// Entries sit in chunks that never move, so that a worker can read while control
// adds servers.
#include "proxy/board.h"

#include "ringway/base/assert.h"

namespace ringway::proxy {

Board::~Board() {
  for (auto& chunk : chunks_) delete chunk.load();
}

pool::ServerId Board::id_of(const pool::ServerIdentity& identity) {
  const auto [found, added] = ids_.try_emplace(identity, pool::ServerId{size_});
  if (added) {
    RINGWAY_ASSERT(size_ < servers_max);
    auto& chunk = chunks_[size_ / chunk_entries];
    if (!chunk.load(std::memory_order_relaxed)) {
      chunk.store(new Chunk, std::memory_order_release);
    }
    ++size_;
  }
  return found->second;
}

Board::Entry& Board::entry(pool::ServerId id) const {
  const std::uint32_t index = pool::index_of(id);
  RINGWAY_ASSERT(index < servers_max);
  Chunk* chunk = chunks_[index / chunk_entries].load(std::memory_order_acquire);
  RINGWAY_ASSERT(chunk != nullptr);
  return (*chunk)[index % chunk_entries];
}

bool Board::live(pool::ServerId id) const {
  return entry(id).live.load(std::memory_order_relaxed);
}

void Board::set_live(pool::ServerId id, bool live) {
  if (entry(id).live.exchange(live) != live) version_.fetch_add(1, std::memory_order_release);
}

net::Address Board::address(pool::ServerId id) const {
  Entry& server = entry(id);
  const std::lock_guard lock(server.mutex);
  return server.address;
}

void Board::set_address(pool::ServerId id, const net::Address& address) {
  Entry& server = entry(id);
  const std::lock_guard lock(server.mutex);
  server.address = address;
}

}  // namespace ringway::proxy
