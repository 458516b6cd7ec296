// See the header. Slots are listed one by one where that is cheap and otherwise found
// among running sums: weights in the millions are legal.
#include "ring/slot_distribution.h"

#include <algorithm>

#include "ringway/hash/hash.h"

#include "ring/name_order.h"

namespace ringway::ring {

SlotDistribution::SlotDistribution(Kind kind, std::span<const Member> members)
    : kind_(kind),
      last_resort_(members),
      order_(in_order(members, shorter_before)),
      points_(members.size()) {
  std::uint64_t end = 0;
  for (const std::uint32_t server : order_) {
    points_[server] = kind.weighted ? members[server].weight : 1;
    ends_.push_back(end += points_[server]);
  }
  if (end > listed_slots_max) return;
  for (const std::uint32_t server : order_) listed_.insert(listed_.end(), points_[server], server);
}

SlotDistribution::Choice SlotDistribution::choice(std::uint64_t value) const {
  const std::uint64_t slot = value % ends_.back();
  if (!listed_.empty()) return {slot, listed_[slot]};
  const auto at = std::ranges::upper_bound(ends_, slot) - ends_.begin();
  return {slot, order_[static_cast<std::size_t>(at)]};
}

std::optional<SlotDistribution::Choice> SlotDistribution::live_choice(std::uint64_t value,
                                                                      Choice home,
                                                                      const LiveSet& live) const {
  if (live.live(home.server)) [[likely]]
    return home;
  if (live.count() == 0) return std::nullopt;
  for (std::uint32_t attempt = 1; attempt <= tries_max; ++attempt) {
    const Choice next = choice(hash::mixed(value + attempt));
    if (live.live(next.server)) return next;
  }
  return Choice{home.slot, *last_resort_.pick(value, live)};
}

std::optional<std::uint32_t> SlotDistribution::pick(KeyHash hash, const LiveSet& live) const {
  if (ends_.empty() || ends_.back() == 0) return last_resort_.pick(value(hash), live);
  const auto chosen = live_choice(value(hash), choice(value(hash)), live);
  return chosen ? std::optional(chosen->server) : std::nullopt;
}

std::optional<Trace> SlotDistribution::trace(KeyHash hash, const LiveSet& live) const {
  const auto server = pick(hash, live);
  if (!server) return std::nullopt;
  if (ends_.back() == 0)
    return Trace{.home = *last_resort_.pick(value(hash), LiveSet(servers())), .server = *server};
  const Choice home = choice(value(hash));
  const auto chosen = live_choice(value(hash), home, live);
  return Trace{.point = chosen->slot, .vnode = 0, .home = home.server, .server = *server};
}

}  // namespace ringway::ring
