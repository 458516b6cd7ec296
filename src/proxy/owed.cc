// A set finds a key that is owed already; a queue of pointers to its nodes knows which is
// the oldest.
#include "proxy/owed.h"

#include <utility>

#include "ringway/base/assert.h"

namespace ringway::proxy {

void Owed::add(Bytes key, std::uint64_t bytes_max) {
  const auto [found, added] = keys_.emplace(key);
  if (!added) return;
  order_.push_back(&*found);
  bytes_ += cost(*found);
  while (bytes_ > bytes_max && !order_.empty()) {
    pop_oldest();
    ++dropped_;
  }
}

std::string Owed::pop_oldest() {
  auto node = keys_.extract(*order_.front());
  order_.pop_front();
  RINGWAY_ASSERT(!node.empty() && bytes_ >= cost(node.value()));
  bytes_ -= cost(node.value());
  return std::move(node.value());
}

std::vector<std::string> Owed::take(std::size_t count) {
  std::vector<std::string> taken;
  while (taken.size() < count && !order_.empty()) taken.push_back(pop_oldest());
  return taken;
}

void Owed::take_over(Owed& other, std::uint64_t bytes_max) {
  while (!other.empty()) add(other.pop_oldest(), bytes_max);
  dropped_ += std::exchange(other.dropped_, 0);
}

void Owed::clear() {
  order_.clear();
  keys_.clear();
  bytes_ = 0;
}

}  // namespace ringway::proxy
