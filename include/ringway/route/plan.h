// What a route decides: which servers a request goes to, in three verbs. A plan
// is data; the executor (src/proxy) carries it out, `ringway explain` prints it,
// tests compare it with tables.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "ringway/base/assert.h"

namespace ringway::pool {
enum class ServerId : std::uint32_t;
struct Pool;
}  // namespace ringway::pool

namespace ringway::route {

enum class Verb : std::uint8_t {
  try_,  // In order; stop at the first good answer.
  all,   // Ask all of these; `need` good answers make a good one.
  tell,  // Send and do not wait.
};

struct Step {
  Verb verb = Verb::try_;
  pool::ServerId server{};
  const pool::Pool* pool = nullptr;  // Whose limits and timeouts apply; not kept past the turn.
  std::uint32_t member = 0;          // The server's index in that pool.
  pool::ServerId home{};             // Where the key belongs.
  bool stand_in = false;             // `server` is not `home`: it serves the key meanwhile.
};

class Plan {
 public:
  static constexpr std::size_t steps_max = 16;

  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  void add(const Step& step) {
    RINGWAY_ASSERT(size_ < steps_max);
    steps_[size_++] = step;
  }
  std::span<const Step> steps() const { return {steps_.data(), size_}; }
  // The plain case, one server and nothing else: what the fast path takes.
  bool single() const { return size_ == 1 && steps_[0].verb == Verb::try_; }

 private:
  std::array<Step, steps_max> steps_;
  std::size_t size_ = 0;
};

}  // namespace ringway::route
