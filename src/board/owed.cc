// A map finds a key that is owed already; a list of the keys knows which is the oldest. The map
// names keys in the list, whose nodes stay where they are.
#include "board/owed.h"

#include <utility>

#include "ringway/base/assert.h"

namespace ringway::proxy {

void Owed::add(Bytes key, std::uint64_t bytes_max, Instant now) {
  if (keys_.contains(key)) return;
  order_.push_back({std::string(key), now});
  keys_.emplace(order_.back().key, std::prev(order_.end()));
  bytes_ += cost(order_.back().key);
  while (bytes_ > bytes_max && !order_.empty()) {
    pop_oldest();
    ++dropped_;
  }
}

bool Owed::remove(Bytes key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return false;
  const Order::iterator at = found->second;
  RINGWAY_ASSERT(bytes_ >= cost(at->key));
  bytes_ -= cost(at->key);
  keys_.erase(found);
  order_.erase(at);
  return true;
}

std::string Owed::pop_oldest() {
  std::string oldest = order_.front().key;
  const bool removed = remove(oldest);
  RINGWAY_ASSERT(removed);
  return oldest;
}

std::vector<std::string> Owed::take(std::size_t count, Instant until) {
  std::vector<std::string> taken;
  while (taken.size() < count && !order_.empty() && order_.front().since <= until)
    taken.push_back(pop_oldest());
  return taken;
}

void Owed::take_over(Owed& other, std::uint64_t bytes_max) {
  while (!other.empty()) add(other.pop_oldest(), bytes_max);
  dropped_ += std::exchange(other.dropped_, 0);
}

void Owed::clear() {
  keys_.clear();
  order_.clear();
  bytes_ = 0;
}

}  // namespace ringway::proxy
