// What `ring` and `ketama` have in common: a circle that holds the points of ALL
// servers, live or not, and the walk from a key's place to the first live vnode. The
// circle never changes, so a server that goes out hands on its own keys and no other
// moves. How many points a server has, and where, is theirs alone.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "ringway/ring/distribution.h"

#include "ring/circle.h"
#include "ring/last_resort.h"

namespace ringway::ring {

template <typename Point>
class CircleDistribution : public Distribution {
 public:
  using Vnode = typename Circle<Point>::Vnode;

  // With a thousand servers of which half are out this is never reached; it bounds the
  // time of one lookup when nearly every point belongs to a server that is out.
  static constexpr std::uint32_t walk_steps_max = 4096;

  CircleDistribution(std::span<const Member> members, std::span<const Vnode> vnodes)
      : circle_(vnodes), last_resort_(members), points_(members.size()) {
    for (const Member& member : members) names_.push_back(member.name);
    for (const Vnode& vnode : vnodes) ++points_[vnode.server()];
  }

  std::uint32_t servers() const final { return static_cast<std::uint32_t>(points_.size()); }

  std::optional<std::uint32_t> pick(KeyHash hash, const LiveSet& live) const final {
    if (circle_.size() == 0) return last_resort_.pick(hash.wide, live);
    const std::uint32_t home = circle_.owner(place(hash));
    const std::uint32_t server = circle_[home].server();
    if (live.live(server)) [[likely]]
      return server;
    return stand_in(hash, home, live).first;
  }

  std::optional<Trace> trace(KeyHash hash, const LiveSet& live) const final {
    if (circle_.size() == 0) return trace_of_last_resort(hash, live);
    const std::uint32_t home = circle_.owner(place(hash));
    const auto [server, vnode] = stand_in(hash, home, live);
    if (!server) return std::nullopt;
    const Point point = circle_[vnode].point();
    return Trace{.point = point,
                 .vnode = vnode_number(circle_[vnode].server(), point),
                 .home = circle_[home].server(),
                 .server = *server};
  }

  std::uint32_t points(std::uint32_t server) const final { return points_[server]; }

 protected:
  // Which of its vnodes, counted as the distribution names them, `server` has on `point`.
  virtual std::uint32_t vnode_number(std::uint32_t server, Point point) const = 0;

  const std::string& server_name(std::uint32_t server) const { return names_[server]; }

 private:
  static Point place(KeyHash hash) {
    if constexpr (std::is_same_v<Point, std::uint64_t>)
      return hash.wide;
    else
      return hash.narrow;
  }

  // The server that takes the key, and the vnode that says so (`home` itself when only
  // the last resort was left).
  std::pair<std::optional<std::uint32_t>, std::uint32_t> stand_in(KeyHash hash, std::uint32_t home,
                                                                  const LiveSet& live) const {
    if (live.count() == 0) return {std::nullopt, home};
    if (const auto vnode = circle_.next_live(home, live, walk_steps_max)) {
      return {circle_[*vnode].server(), *vnode};
    }
    return {last_resort_.pick(hash.wide, live), home};
  }

  std::optional<Trace> trace_of_last_resort(KeyHash hash, const LiveSet& live) const {
    const auto home = last_resort_.pick(hash.wide, LiveSet(servers()));
    const auto server = last_resort_.pick(hash.wide, live);
    if (!server) return std::nullopt;
    return Trace{.point = 0, .vnode = 0, .home = *home, .server = *server};
  }

  Circle<Point> circle_;
  LastResort last_resort_;
  std::vector<std::uint32_t> points_;  // Per server.
  std::vector<std::string> names_;
};

}  // namespace ringway::ring
