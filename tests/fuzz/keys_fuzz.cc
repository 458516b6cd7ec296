// Any bytes as a pool, its live servers and a key: the key's hash and tag are well
// formed, pick() is in range, live and always the same, trace() tells the same, and a
// server that goes out takes no key from those that stay.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringway/base/assert.h"
#include "ringway/hash/hash.h"
#include "ringway/hash/hash_tag.h"
#include "ringway/ring/distribution.h"
#include "ringway/ring/key_hash.h"
#include "ringway/ring/server_name.h"

namespace {

using namespace ringway;
using namespace ringway::ring;

constexpr std::uint64_t more_hashes = 24;  // Beside the key's own: building costs the most.

// Takes the input apart from its front; zeros when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : bytes_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const char first = bytes_.front();
    bytes_.remove_prefix(1);
    return static_cast<std::uint8_t>(first);
  }
  Bytes bytes(std::size_t count) {
    const Bytes taken = bytes_.substr(0, count);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  Bytes rest() const { return bytes_; }

 private:
  Bytes bytes_;
};

struct Pool {
  const hash::HashFunction* function;
  hash::HashTag tag;
  std::unique_ptr<Distribution> distribution;
  LiveSet live;
};

// A unit of weight is 1,024 points of a ring, so rings stay small.
std::uint32_t weight_of(std::uint8_t byte, bool ring) {
  constexpr std::uint32_t weights[] = {1, 1, 1, 2, 3, 5, 10, 40, 1000, 100'000, 0};
  return ring ? byte % 3 : weights[byte % std::size(weights)];
}

Pool pool_of(Input& input) {
  Pool pool;
  pool.function = &hash::functions()[input.byte() % hash::functions().size()];
  const DistributionKind& kind = kinds()[input.byte() % kinds().size()];
  pool.tag.enabled = input.byte() % 2 == 1;
  pool.tag.open = static_cast<char>(input.byte());
  pool.tag.close = static_cast<char>(input.byte());

  const bool ring = kind.name == "ring";
  const std::uint32_t count = 1u + input.byte() % (ring ? 5u : 40u);
  std::vector<Member> members;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t weight = weight_of(input.byte(), ring);
    const Bytes name = input.bytes(input.byte() % 8u);
    RINGWAY_ASSERT(ketama_name(name).size() <= name.size() + 1);
    members.push_back({std::string(name) + "#" + std::to_string(i), weight});
  }
  pool.distribution = kind.build(members);
  RINGWAY_ASSERT(pool.distribution->servers() == count);
  pool.live = LiveSet(count);
  for (std::uint32_t i = 0; i < count; ++i) pool.live.set(i, input.byte() % 4 != 0);
  return pool;
}

KeyHash checked_hash(const Pool& pool, Bytes key) {
  const Bytes part = pool.tag.part(key);
  RINGWAY_ASSERT(part.data() >= key.data());
  RINGWAY_ASSERT(part.data() + part.size() <= key.data() + key.size());
  RINGWAY_ASSERT(part.empty() == key.empty());
  const std::uint64_t result = pool.function->of(part);
  RINGWAY_ASSERT(result == pool.function->of(std::string(part)));
  RINGWAY_ASSERT(pool.function->bits == 64 || result >> 32 == 0);
  const KeyHash hash = key_hash(*pool.function, pool.tag, key);
  RINGWAY_ASSERT(key.empty() || hash.narrow == static_cast<std::uint32_t>(result));
  return hash;
}

void check_pick(const Pool& pool, KeyHash hash) {
  const Distribution& distribution = *pool.distribution;
  const auto picked = distribution.pick(hash, pool.live);
  const auto trace = distribution.trace(hash, pool.live);
  RINGWAY_ASSERT(picked.has_value() == (pool.live.count() > 0));
  RINGWAY_ASSERT(trace.has_value() == picked.has_value());
  RINGWAY_ASSERT(picked == distribution.pick(hash, pool.live));
  if (!picked) return;
  RINGWAY_ASSERT(*picked < distribution.servers() && pool.live.live(*picked));
  RINGWAY_ASSERT(trace->server == *picked);
  RINGWAY_ASSERT(trace->home == distribution.pick(hash, LiveSet(distribution.servers())));
  RINGWAY_ASSERT(!pool.live.live(trace->home) || *picked == trace->home);
}

// Each live server in turn goes out.
void check_movement(const Pool& pool, KeyHash hash) {
  const auto before = pool.distribution->pick(hash, pool.live);
  for (std::uint32_t i = 0; i < pool.live.size(); ++i) {
    if (!pool.live.live(i) || i == before) continue;
    LiveSet fewer = pool.live;
    fewer.set(i, false);
    RINGWAY_ASSERT(pool.distribution->pick(hash, fewer) == before);
  }
}

void check(const Pool& pool, KeyHash hash) {
  check_pick(pool, hash);
  check_movement(pool, hash);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const Pool pool = pool_of(input);
  const KeyHash hash = checked_hash(pool, input.rest());
  check(pool, hash);
  for (std::uint64_t i = 1; i <= more_hashes; ++i) {
    const std::uint64_t other = hash::mixed(hash.wide + i);
    check(pool, {.wide = other, .narrow = static_cast<std::uint32_t>(other)});
  }
  // The ends of the circle.
  check(pool, {.wide = 0, .narrow = 0});
  check(pool, {.wide = ~std::uint64_t{0}, .narrow = ~std::uint32_t{0}});
  return 0;
}
