// Where one name leads, decided from the answers of name servers, one after another.
// Pure: asking, the clock and the board are for names.h.
//
//   an answer that ...        with an address now           without one
//   has addresses             keep it if it is there,       move to the lowest
//                             else move to the lowest
//   nobody gave, in time      keep                          lose
//   says: no such name        keep; the third in a row:     lose
//                             lose
#pragma once

#include <cstdint>

#include "ringway/base/time.h"

#include "net/resolver.h"

namespace ringway::reload {

using net::Answer;

class NameState {
 public:
  // Whoever gets the address of a pod that is gone may be somebody else's memcached.
  static constexpr std::uint32_t missing_max = 3;
  // Between two questions, while answers fail: doubles from the first to the slowest, or
  // to the refresh time while there is an address.
  static constexpr Duration again_first = std::chrono::seconds(1);
  static constexpr Duration again_slowest = std::chrono::seconds(15);
  // Until the question is repeated whose answer was that there is no such name.
  static constexpr Duration again_missing = std::chrono::seconds(5);

  // What an answer means: nothing new; another address; none any more (told again and
  // again as long as there is none).
  enum class Verdict : std::uint8_t { keep, move, lose };

  Verdict take(const Answer& answer);

  // Empty before the first good answer, and when it was lost.
  const net::Address& address() const { return address_; }
  // How long the last answer is good for, before chance.
  Duration pause(Duration refresh) const;
  std::uint32_t failed() const { return failed_; }  // Answers without address in a row.

 private:
  net::Address address_;
  std::uint32_t failed_ = 0;
  std::uint32_t missing_ = 0;  // In a row.
};

}  // namespace ringway::reload
