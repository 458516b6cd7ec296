// Key hash -> server of a pool. A distribution is built once from names and
// weights and never changes; who is out at the moment is an argument. Keys of live
// servers never move when another server goes out, in any distribution (here
// ringway differs from twemproxy on purpose: it rebuilds, and survivors' keys move).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/ring/live_set.h"

namespace ringway::ring {

// What a distribution may know of a server. `name` is what is hashed.
struct Member {
  std::string name;
  std::uint32_t weight = 1;
};

// A key's hash in both widths: `ring` uses wide, the 32-bit distributions narrow.
struct KeyHash {
  std::uint64_t wide = 0;
  std::uint32_t narrow = 0;
};

// How a pick came about, for `ringway explain`.
struct Trace {
  std::uint64_t point = 0;   // On the circle (ring, ketama) or the slot (modula).
  std::uint32_t vnode = 0;   // Which of the server's vnodes; 0 where there are none.
  std::uint32_t home = 0;    // Who would own the key if all were live.
  std::uint32_t server = 0;  // Who serves it.
};

class Distribution {
 public:
  Distribution() = default;
  Distribution(const Distribution&) = delete;
  Distribution& operator=(const Distribution&) = delete;
  virtual ~Distribution() = default;

  virtual std::string_view name() const = 0;
  virtual std::uint32_t servers() const = 0;

  // The index, in the order the members were given, of the server that takes the
  // key; nullopt if none is live. `live` has a bit for every member.
  virtual std::optional<std::uint32_t> pick(KeyHash hash, const LiveSet& live) const = 0;

  // True if pick() wants a random number in place of the key's hash.
  virtual bool wants_chance() const { return false; }

  // The same decision, told.
  virtual std::optional<Trace> trace(KeyHash hash, const LiveSet& live) const = 0;

  // How many points of the circle (or slots) a server has; 0 gets no key.
  virtual std::uint32_t points(std::uint32_t server) const = 0;
};

// What a pool may name, as a table: "ring" (default), "ketama", "modula", "random".
struct DistributionKind {
  std::string_view name;
  std::unique_ptr<Distribution> (*build)(std::span<const Member> members);
  std::string_view note;
};

std::span<const DistributionKind> kinds();
const DistributionKind* find(std::string_view name);

}  // namespace ringway::ring
