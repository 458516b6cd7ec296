// What is behind the mutex of an entry: nothing of it happens while all is well. Callers on
// the hot path look at atomics first.
#include "board/board_entry.h"

#include <algorithm>

namespace ringway::proxy {

bool BoardEntry::report_failure(Instant begun, Instant now, const config::Eject& rule,
                                std::string_view cause) {
  const std::lock_guard lock(mutex_);
  last_failure_ = cause;
  if (watcher_) watcher_->on_failure(id_, begun, now);
  if (rule.failures == 0) return false;
  const bool too_many = failures_.add(begun, now, rule.failures, rule.window);
  note_failing();
  if (too_many) too_many_.store(true, std::memory_order_release);
  return too_many;
}

bool BoardEntry::report_unable(Instant begun, Instant now, const config::Eject& rule) {
  if (in_doubt() || now.time_since_epoch().count() < sure_until_.load(std::memory_order_relaxed))
    return false;
  const std::lock_guard lock(mutex_);
  if (rule.failures == 0) return false;
  if (watcher_) watcher_->on_unable(id_, begun, now);
  const bool many = doubts_.add(begun, now, rule.failures, rule.window);
  note_failing();
  if (many) in_doubt_.store(true, std::memory_order_release);
  return many;
}

void BoardEntry::end_doubt(Instant now) {
  const std::lock_guard lock(mutex_);
  clear_doubts();
  note_failing();
  sure_until_.store((now + doubt_again).time_since_epoch().count(), std::memory_order_relaxed);
}

// Whoever wrote in vain meanwhile was told so; the server was there all the time.
void BoardEntry::end_of_failures() {
  const std::lock_guard lock(mutex_);
  if (watcher_) watcher_->on_success(id_);
  clear_failures();
  if (in_ring(standing_.load(std::memory_order_relaxed))) doubtful_.clear();
}

void BoardEntry::forget_failures() {
  const std::lock_guard lock(mutex_);
  clear_failures();
  doubtful_.clear();
}

void BoardEntry::clear_failures() {
  failures_.clear();
  clear_doubts();
  too_many_.store(false, std::memory_order_relaxed);
  failing_.store(false, std::memory_order_relaxed);
}

void BoardEntry::clear_doubts() {
  doubts_.clear();
  in_doubt_.store(false, std::memory_order_relaxed);
}

log::RateLimit::Verdict BoardEntry::ask_to_say(Instant now) {
  const std::lock_guard lock(mutex_);
  return lines_.ask({}, now);
}

std::optional<log::RateLimit::Verdict> BoardEntry::ask_to_say_lost(Instant now) {
  lost_->fetch_add(1, std::memory_order_relaxed);
  const std::int64_t time = now.time_since_epoch().count();
  if (time < lost_told_until_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  auto verdict = lost_lines_.ask({}, now);
  verdict.left_out = 0;  // lost_ counts them.
  if (!verdict.allowed) lost_told_until_ = verdict.due.time_since_epoch().count();
  return verdict;
}

std::string BoardEntry::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

bool BoardEntry::owe(Bytes key, std::uint64_t bytes_max, Instant now) {
  const std::lock_guard lock(mutex_);
  const bool first = owed_.empty();
  owed_.add(key, bytes_max, now);
  note_owed();
  return first && standing_.load(std::memory_order_relaxed) == Standing::up;
}

bool BoardEntry::pay_owed(Bytes key) {
  const std::lock_guard lock(mutex_);
  const bool was_owed = owed_.remove(key);
  note_owed();
  return was_owed;
}

void BoardEntry::owe_if_ejected(Bytes key, std::uint64_t bytes_max) {
  const std::lock_guard lock(mutex_);
  const bool out = standing_.load(std::memory_order_relaxed) != Standing::up;
  if (out) {
    owed_.add(key, bytes_max);
    return note_owed();
  }
  // One limit for both.
  doubtful_.add(key, bytes_max - std::min(bytes_max, owed_.bytes()));
  failing_.store(true, std::memory_order_relaxed);
}

std::vector<std::string> BoardEntry::take_owed(std::size_t count, Instant until) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> taken = owed_.take(count, until);
  note_owed();
  return taken;
}

void BoardEntry::forget_owed() {
  const std::lock_guard lock(mutex_);
  owed_.clear();
  doubtful_.clear();
  note_owed();
}

void BoardEntry::owe_again(const std::vector<std::string>& keys, std::uint64_t bytes_max,
                           Instant now) {
  const std::lock_guard lock(mutex_);
  for (const std::string& key : keys) owed_.add(key, bytes_max, now);
  note_owed();
}

void BoardEntry::confirm_owed(std::uint64_t bytes_max) {
  const std::lock_guard lock(mutex_);
  owed_.take_over(doubtful_, bytes_max);
  note_owed();
}

void BoardEntry::drop_owed() {
  const std::lock_guard lock(mutex_);
  owed_.count_dropped();
}

BoardEntry::OwedFigures BoardEntry::owed() const {
  const std::lock_guard lock(mutex_);
  const bool live = standing_.load(std::memory_order_relaxed) == Standing::up;
  return {owed_.size(), owed_.bytes(), owed_.dropped(), live ? owed_.size() : 0};
}

void BoardEntry::reset() {
  const std::lock_guard lock(mutex_);
  standing_ = Standing::up;
  failing_ = false;
  too_many_ = false;
  in_doubt_ = false;
  is_ringway_ = false;
  sure_until_ = 0;
  unresolvable_ = false;
  lost_told_until_ = 0;
  heard_at_ = 0;
  backup_ = no_backup;
  address_ = {};
  cause_.clear();
  last_failure_.clear();
  since_ = {};
  address_doubtful_ = false;
  failures_ = Failures(one_event);
  doubts_ = Failures(Duration::zero());
  owed_ = {};
  owes_ = false;
  doubtful_ = {};
  file_state_ = config::ServerState::up;
  hand_state_.reset();
  hand_state_since_ = {};
}

}  // namespace ringway::proxy
