// Timers for everything but request deadlines: connect, back-off, idle, finish.
// Four wheels of 64 slots, a millisecond at the finest; a timer far away sits in
// a coarse wheel and moves down as its time comes near. Setting and stopping cost
// a few pointers; a timer fires never early and at most a turn and 1 ms late.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ringway/base/time.h"

#include "net/list.h"

namespace ringway::net {

// What a timer is for; the worker switches on it when it fires.
enum class TimerKind : std::uint8_t {
  client,
  memory_look,
  server_connect,
  server_backoff,
  server_idle,
  server_silent,
  server_preconnect,
  server_health,
  accept_retry,
  sweep,
  worker
};

struct Timer {
  Link link;
  Instant at = never;
  TimerKind kind = TimerKind::worker;
  void* owner = nullptr;  // Whoever embeds the timer; outlives it.

  bool set() const { return link.linked(); }
};

class TimerWheel {
 public:
  explicit TimerWheel(Instant start);

  // (Re)sets the timer: a timer has one time only.
  void set(Timer& timer, Instant at);
  void stop(Timer& timer);

  // Appends each timer whose time has come to `fired`, unlinked.
  void expire(Instant now, std::vector<Timer*>& fired);

  // No timer fires before this; `never` if there is none.
  Instant next();

  std::size_t size() const { return size_; }

 private:
  static constexpr int levels = 4;
  static constexpr std::uint64_t slots = 64;
  using Slot = List<Timer, &Timer::link>;

  std::uint64_t tick_of(Instant at) const;
  std::uint64_t next_tick();
  std::uint64_t next_used(std::size_t level, std::uint64_t number);
  Slot& slot_for(std::uint64_t tick);
  Slot& slot_to_use(std::size_t level, std::uint64_t number);
  void cascade();
  void fire_slot(std::vector<Timer*>& fired);

  Instant start_;
  std::uint64_t tick_ = 0;  // Everything before it has fired.
  std::size_t size_ = 0;
  std::array<std::array<Slot, slots>, levels> wheels_;
  // A bit for each slot: whether it may hold a timer. That it holds none any more is found out
  // when it is looked at.
  std::array<std::uint64_t, levels> used_{};
};

}  // namespace ringway::net
