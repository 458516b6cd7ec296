// `ring`, the default: a server of weight w has w x 1,024 vnodes on a circle of 2^64,
// vnode i at xxh3_64("<name>-<i>"). 1,024 is halved for the whole pool until all
// vnodes together are at most 2^20 (but every server of some weight keeps one). So
// apart from that number a server's points depend on its own name and weight alone:
// neither the order of the file nor the other servers move them.
#include <algorithm>

#include "hash/functions.h"
#include "ring/builders.h"
#include "ring/circle_distribution.h"
#include "ring/name_order.h"
#include "ring/vnode_name.h"

namespace ringway::ring {
namespace {

constexpr std::uint64_t vnodes_per_weight = 1024;
constexpr std::uint64_t vnodes_max = 1 << 20;

// A server of weight 0 has no vnode; of any other, at least one.
std::uint32_t vnode_count(std::uint32_t weight, int halvings) {
  if (weight == 0) return 0;
  return static_cast<std::uint32_t>(
      std::max<std::uint64_t>(1, (weight * vnodes_per_weight) >> halvings));
}

std::uint64_t total(std::span<const Member> members, int halvings) {
  std::uint64_t sum = 0;
  for (const Member& member : members) {
    // Unhalved, a single weight may already exceed what vnode_count() can say.
    sum += std::max<std::uint64_t>(1, (member.weight * vnodes_per_weight) >> halvings);
  }
  return sum;
}

int halvings_for(std::span<const Member> members) {
  // 42 halvings leave one vnode of the greatest weight: more change nothing.
  int halvings = 0;
  while (halvings < 42 && total(members, halvings) > vnodes_max) ++halvings;
  return halvings;
}

class Ring final : public CircleDistribution<std::uint64_t> {
 public:
  using CircleDistribution::CircleDistribution;
  std::string_view name() const override { return "ring"; }

 private:
  std::uint32_t vnode_number(std::uint32_t server, std::uint64_t point) const override {
    VnodeName text(server_name(server));
    for (std::uint32_t i = 0; i < points(server); ++i) {
      if (hash::xxh3_64(text.number(i)) == point) return i;
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Distribution> build_ring(std::span<const Member> members) {
  const int halvings = halvings_for(members);
  std::vector<Ring::Vnode> vnodes;
  vnodes.reserve(total(members, halvings));
  for (const std::uint32_t server : in_order(members, bytes_before)) {
    VnodeName text(members[server].name);
    const std::uint32_t count = vnode_count(members[server].weight, halvings);
    for (std::uint32_t i = 0; i < count; ++i) {
      vnodes.emplace_back(hash::xxh3_64(text.number(i)), server);
    }
  }
  return std::make_unique<Ring>(members, vnodes);
}

}  // namespace ringway::ring
