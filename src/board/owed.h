// Keys whose write or delete their home did not get: what it still stores under them is
// stale, and is deleted before it takes traffic again. Bounded: the oldest are dropped,
// and counted. Pure; guarded by its owner.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "ringway/base/bytes.h"
#include "ringway/base/time.h"

namespace ringway::proxy {

class Owed {
 public:
  // What a remembered key costs beside its bytes: two strings and a node of a set.
  static constexpr std::size_t key_overhead_bytes = 128;  // Of both containers together.

  // `key` as it is hashed: decoded. Once is enough, however often it is written.
  void add(Bytes key, std::uint64_t bytes_max, Instant now = {});
  // False if it was not there.
  bool remove(Bytes key);
  // The oldest keys, at most `count`, none that was added after `until`; they are not remembered
  // here any more.
  std::vector<std::string> take(std::size_t count, Instant until = never);
  // Everything that `other` remembers, too.
  void take_over(Owed& other, std::uint64_t bytes_max);
  void clear();
  // One that was taken is given up.
  void count_dropped() { ++dropped_; }

  bool empty() const { return order_.empty(); }
  std::size_t size() const { return order_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t dropped() const { return dropped_; }  // Ever.

 private:
  static std::uint64_t cost(Bytes key) { return key.size() + key_overhead_bytes; }
  std::string pop_oldest();

  struct Debt {
    std::string key;
    Instant since;
  };
  using Order = std::list<Debt>;
  Order order_;                                      // Oldest first.
  std::unordered_map<Bytes, Order::iterator> keys_;  // Into order_.
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace ringway::proxy
