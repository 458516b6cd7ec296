// Whether a request whose connection ended may be asked again: nothing of a reply has come, its
// client still waits for it, and an answer could come in time. Whether the pool can afford it is
// RetryBudget's to say, and whether it may have been executed the caller's.
#pragma once

#include "ringway/base/time.h"

#include "exchange/client_conn.h"
#include "exchange/exchange.h"
#include "exchange/gather.h"

namespace ringway::proxy {

// With less time left an answer would come too late.
inline constexpr Duration retry_time_left_min = std::chrono::milliseconds(5);
// Of what stood behind requests that end connections.
inline constexpr std::uint8_t retries_max = 3;

// Nothing of its reply has come. What ringway itself says of a single key beforehand is not counted
// as stashed.
inline bool untouched(const Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  const bool heard = exchange.gather ? !fragment.stash.empty() : exchange.stashed > 0;
  return fragment.state == FragmentState::asked && !fragment.begun && !heard && !fragment.late;
}

inline bool may_ask_again(const Fragment& fragment, Instant now) {
  const Exchange& exchange = *fragment.exchange;
  RINGWAY_ASSERT(exchange.client && "somebody waits for it");
  if (fragment.ended_on >= ended_on_max || fragment.retries >= retries_max) return false;
  if (!untouched(fragment)) return false;
  if (exchange.direct || exchange.expired || exchange.client->closing) return false;
  return !exchange.deadline_link.linked() || exchange.deadline - now >= retry_time_left_min;
}

}  // namespace ringway::proxy
