// Reloads that were asked for and not begun yet. Anybody may place an order; what was
// placed before a reload begins is done by it, however often it was asked for.
#pragma once

#include <cstdint>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ringway::reload {

enum class Ending : std::uint8_t {
  done,       // Every worker behaves by the new configuration.
  unchanged,  // It says what the present one says.
  scheduled,  // It is fine, and will apply at its time.
  refused,    // By the interlock.
  failed,     // Something is wrong with it.
  stopping,   // The process ends.
};

struct Outcome {
  Ending ending = Ending::failed;
  std::string text;  // What an operator is told, with all problems; lines.

  bool good() const { return ending < Ending::refused; }
};

struct Order {
  bool accept_moved = false;
  std::promise<Outcome> outcome;
};

class Orders {
 public:
  // Any thread.
  std::future<Outcome> place(bool accept_moved) {
    const std::lock_guard lock(mutex_);
    Order order{accept_moved, {}};
    auto outcome = order.outcome.get_future();
    if (closed_) {
      order.outcome.set_value({Ending::stopping, "ringway is stopping\n"});
    } else {
      orders_.push_back(std::move(order));
    }
    return outcome;
  }

  // From now on everybody is told that it is too late.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

  std::vector<Order> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(orders_, {});
  }

  bool empty() const {
    const std::lock_guard lock(mutex_);
    return orders_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Order> orders_;
  bool closed_ = false;
};

}  // namespace ringway::reload
