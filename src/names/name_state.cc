// See name_state.h. Nothing here knows the time: pause() says how much of it to let
// pass, names.h lets it.
#include "names/name_state.h"

#include <algorithm>

namespace ringway::reload {

NameState::Verdict NameState::take(const Answer& answer) {
  if (!answer.addresses.empty()) {
    failed_ = missing_ = 0;
    if (std::ranges::count(answer.addresses, address_) > 0) return Verdict::keep;
    // All routers choose the same.
    address_ = std::ranges::min(answer.addresses);
    return Verdict::move;
  }
  ++failed_;
  missing_ = answer.missing ? missing_ + 1 : 0;
  if (!address_.empty() && missing_ < missing_max) return Verdict::keep;
  address_ = {};
  return Verdict::lose;
}

Duration NameState::pause(Duration refresh) const {
  if (failed_ == 0) return refresh;
  if (missing_ > 0 && !address_.empty()) return std::min(again_missing, refresh);
  const Duration slowest = address_.empty() ? std::min(again_slowest, refresh) : refresh;
  constexpr std::uint32_t doublings_max = 16;
  return std::min(again_first * (1 << std::min(failed_ - 1, doublings_max)), slowest);
}

}  // namespace ringway::reload
