// What came of asking one server once: the only thing that routes, tries and retries know of a
// reply, whatever its protocol. Known from the first piece of the reply on, and never another
// afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace ringway::proto {

// From the best to the worst: where several were to succeed, the worst of them counts.
enum class Outcome : std::uint8_t {
  good,      // The server did what it was asked, or has the value.
  miss,      // The server has no such key.
  declined,  // The server could have and did not: NOT_STORED, EXISTS, another number.
  out,       // Not a byte was sent, whatever the reason. The least of the errors.
  failed,    // The server says that it cannot: SERVER_ERROR.
  expired,   // Something was sent, and no answer came in time.
  lost,      // Something was sent, and the connection ended.
  refused,   // ERROR, CLIENT_ERROR: the client's own fault, and the same at every server.
};
inline constexpr std::size_t outcome_count = static_cast<std::size_t>(Outcome::refused) + 1;

inline constexpr std::array<std::string_view, outcome_count> outcome_words = {
    "good", "miss", "declined", "out", "failed", "expired", "lost", "refused"};

constexpr std::string_view word(Outcome outcome) {
  return outcome_words[static_cast<std::size_t>(outcome)];
}

constexpr bool is_error(Outcome outcome) {
  return outcome >= Outcome::out;
}

// A set of outcomes.
class Outcomes {
 public:
  constexpr Outcomes() = default;
  constexpr Outcomes(std::initializer_list<Outcome> outcomes) {
    for (const Outcome outcome : outcomes) bits_ |= bit(outcome);
  }

  constexpr bool has(Outcome outcome) const { return (bits_ & bit(outcome)) != 0; }
  constexpr Outcomes operator|(Outcomes other) const { return Outcomes(bits_ | other.bits_); }
  constexpr Outcomes operator~() const { return Outcomes(~bits_ & (bit_after_last - 1)); }
  constexpr bool operator==(const Outcomes&) const = default;

 private:
  static constexpr unsigned bit_after_last = 1u << outcome_count;
  static constexpr std::uint16_t bit(Outcome outcome) {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(outcome));
  }
  constexpr explicit Outcomes(unsigned bits) : bits_(static_cast<std::uint16_t>(bits)) {}

  std::uint16_t bits_ = 0;
};

inline constexpr Outcomes any_outcome = ~Outcomes{};
// A read is tried elsewhere after these; after `refused` it would be refused again.
inline constexpr Outcomes failures = {Outcome::out, Outcome::failed, Outcome::expired,
                                      Outcome::lost};

}  // namespace ringway::proto
