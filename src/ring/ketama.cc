// `ketama` as twemproxy 0.5 and libmemcached's weighted ketama build it, bit for bit:
// about 160 points per server of mean weight, four from each MD5 of "<name>-<i>". The
// number comes from float32 arithmetic whose roundings are part of the format: with
// 25 equal servers each has 156 points, not 160, and in double 3% of keys would be
// elsewhere. (The build forbids fused multiply-add for this file's sake.)
// Unlike twemproxy's, the circle keeps the points of servers that are out.
#include <cmath>

#include "hash/md5_digest.h"
#include "ring/builders.h"
#include "ring/circle_distribution.h"
#include "ring/name_order.h"
#include "ring/vnode_name.h"

namespace ringway::ring {
namespace {

// twemproxy cuts the text of a vnode at this length, so of a server with a longer
// name all vnodes fall on the same four points.
constexpr std::size_t vnode_name_bytes_max = 272;

// MD5 digests, each worth four points.
std::uint32_t digest_count(std::uint32_t weight, std::uint32_t total_weight, std::size_t servers) {
  const float share = static_cast<float>(weight) / static_cast<float>(total_weight);
  const float scaled = share * 160 / 4 * static_cast<float>(servers);
  return static_cast<std::uint32_t>(std::floor(static_cast<float>(scaled + 1e-10)));
}

hash::Md5Digest vnode_digest(VnodeName& text, std::uint32_t number) {
  return hash::md5_digest(text.number(number).substr(0, vnode_name_bytes_max));
}

class Ketama final : public CircleDistribution<std::uint32_t> {
 public:
  using CircleDistribution::CircleDistribution;
  std::string_view name() const override { return "ketama"; }

 private:
  std::uint32_t vnode_number(std::uint32_t server, std::uint32_t point) const override {
    VnodeName text(server_name(server));
    for (std::uint32_t i = 0; i < points(server); ++i) {
      if (hash::word(vnode_digest(text, i / 4), i % 4) == point) return i;
    }
    return 0;
  }
};

std::uint32_t total_weight(std::span<const Member> members) {
  std::uint32_t sum = 0;
  for (const Member& member : members) sum += member.weight;
  return sum;
}

}  // namespace

std::unique_ptr<Distribution> build_ketama(std::span<const Member> members) {
  const std::uint32_t total = total_weight(members);
  std::vector<Ketama::Vnode> vnodes;
  for (const std::uint32_t server : in_order(members, shorter_before)) {
    VnodeName text(members[server].name);
    const std::uint32_t digests = digest_count(members[server].weight, total, members.size());
    for (std::uint32_t i = 0; i < digests; ++i) {
      const hash::Md5Digest digest = vnode_digest(text, i);
      for (std::size_t x = 0; x < 4; ++x) vnodes.emplace_back(hash::word(digest, x), server);
    }
  }
  return std::make_unique<Ketama>(members, vnodes);
}

}  // namespace ringway::ring
