// One server on the board. Atomics are read on the hot path; the rest is behind a mutex
// and touched on bad days only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/time.h"
#include "ringway/config/config.h"

#include "board/board_watcher.h"
#include "board/failures.h"
#include "board/owed.h"
#include "board/standing.h"
#include "log/rate_limit.h"
#include "net/address.h"

namespace ringway::proxy {

class BoardEntry {
 public:
  // Failures within so much are one: half of the shortest back-off.
  static constexpr Duration one_event = std::chrono::milliseconds(25);
  // Successes are noted no more often than this: the note is shared by all workers.
  static constexpr Duration heard_again = std::chrono::milliseconds(100);
  // One that was in doubt and proved to be well is not in doubt again before so long.
  static constexpr Duration doubt_again = std::chrono::milliseconds(250);
  // Of log lines about its connections, of all workers, and about its name: what flaps must not
  // fill a disk. Those of its standing are health.h's.
  static constexpr std::uint32_t lines_per_minute_max = 3;
  static constexpr std::uint32_t name_lines_per_minute_max = 2;
  static constexpr std::uint32_t lost_lines_per_minute_max = 1;

  // --- Traffic, any worker ---

  // Something that began at `begun` failed for a reason that is the server's. True if that
  // was one too many: then call the home worker. `cause`: "refused the connection".
  bool report_failure(Instant begun, Instant now, const config::Eject& rule,
                      std::string_view cause);
  // A well-framed reply came in time, whatever it says.
  void report_success(Instant now) {
    if (now - heard_at() >= heard_again) {
      heard_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
    if (failing_.load(std::memory_order_relaxed)) end_of_failures();
  }
  // It is there, and answers that it cannot do what it was asked: a ringway that does not reach
  // its own servers. True if so many of these came in a row that it is to be asked whether it can
  // do anything: then call the home worker. A reply of any other kind ends the row.
  bool report_unable(Instant begun, Instant now, const config::Eject& rule);
  // report_unable() said so, and nothing has been heard that speaks for it.
  bool in_doubt() const { return in_doubt_.load(std::memory_order_acquire); }
  // It greeted as a ringway: what it answers does not prove that it reaches its servers.
  bool is_ringway() const { return is_ringway_.load(std::memory_order_relaxed); }
  void set_ringway(bool so) { is_ringway_.store(so, std::memory_order_relaxed); }
  // Whether report_failure() said so, and no success has come since.
  bool too_many_failures() const { return too_many_.load(std::memory_order_acquire); }
  Standing standing() const { return standing_.load(std::memory_order_acquire); }
  // The last success that was noted; at most heard_again before the last one.
  Instant heard_at() const { return Instant{Duration(heard_at_.load(std::memory_order_relaxed))}; }

  // Connections of all workers that have been greeted and not been lost.
  void add_ready(int connections) { ready_.fetch_add(connections, std::memory_order_relaxed); }
  bool connected() const { return ready_.load(std::memory_order_relaxed) > 0; }
  log::RateLimit::Verdict ask_to_say(Instant now);
  // Counts a request that was lost and had no reply. Nothing: a line tells of it already that is
  // written later, with the count. A server that is out may lose very many.
  std::optional<log::RateLimit::Verdict> ask_to_say_lost(Instant now);
  const std::shared_ptr<std::atomic<std::uint64_t>>& lost() const { return lost_; }

  // A connection to it could not be made: if it has a name, it may have moved. Control asks.
  void doubt_address() { address_doubtful_.store(true, std::memory_order_relaxed); }
  bool take_doubt() { return address_doubtful_.exchange(false, std::memory_order_relaxed); }

  // --- Names, control ---

  // Its name was asked for and has no address, as opposed to not having been asked for yet.
  bool unresolvable() const { return unresolvable_.load(std::memory_order_acquire); }
  void set_unresolvable(bool so) { unresolvable_.store(so, std::memory_order_release); }

  // --- Owed keys, any worker ---

  // It did not get this write. True if the server is up, so that only a call to the home
  // worker gets it delivered, and nobody has called for another key.
  bool owe(Bytes key, std::uint64_t bytes_max, Instant now = {});
  // Whether anything is. Seen at once by who noted it, by others a moment later.
  bool owes() const { return owes_.load(std::memory_order_relaxed); }
  // It is paid: not owed any more. False if it was not.
  bool pay_owed(Bytes key);
  // A write failed at a server that is up: owed only if the server turns out to be failing.
  void owe_if_ejected(Bytes key, std::uint64_t bytes_max);

  // --- Home worker ---

  // A check or probe ended.
  void report_probe(bool good, bool heard) {
    if (watcher_) watcher_->on_probe(id_, good, heard);
  }

  // It was asked, and is well: what cannot be done is not its fault.
  void end_doubt(Instant now);

  // The oldest, none that was noted after `until`.
  std::vector<std::string> take_owed(std::size_t count, Instant until = never);
  void forget_owed();
  // Puts back what could not be delivered.
  void owe_again(const std::vector<std::string>& keys, std::uint64_t bytes_max, Instant now = {});
  // The server answers that it cannot delete it: it may be stale there, which is counted.
  void drop_owed();
  // What failed on the way to an ejection is owed from now on.
  void confirm_owed(std::uint64_t bytes_max);
  // The row ends without a success: a new chance begins.
  void forget_failures();
  std::string last_failure() const;

  struct OwedFigures {
    std::size_t keys;
    std::uint64_t bytes;
    std::uint64_t dropped;
    std::size_t live_keys;  // Owed while the server takes traffic.
  };
  OwedFigures owed() const;

 private:
  friend class Board;

  void end_of_failures();
  void clear_failures();  // Under the mutex.
  void clear_doubts();    // The same.
  void reset();           // As if it had never been anybody's.
  void note_failing() {   // The same.
    const bool any = failures_.count() + doubts_.count() > 0 || !doubtful_.empty();
    failing_.store(any, std::memory_order_relaxed);
  }
  void note_owed() { owes_.store(!owed_.empty(), std::memory_order_relaxed); }  // Under the mutex.

  std::atomic<Standing> standing_{Standing::up};
  std::atomic<bool> failing_{false};  // failures_, doubts_ or doubtful_ is not empty.
  std::atomic<bool> too_many_{false};
  std::atomic<bool> in_doubt_{false};
  std::atomic<bool> is_ringway_{false};
  std::atomic<bool> owes_{false};  // owed_ is not empty.
  std::atomic<bool> unresolvable_{false};
  std::atomic<bool> address_doubtful_{false};
  std::atomic<std::int64_t> heard_at_{0};
  std::atomic<std::int64_t> sure_until_{0};
  std::atomic<std::uint32_t> backup_{no_backup};
  std::atomic<std::int32_t> ready_{0};

  std::atomic<std::int64_t> lost_told_until_{0};  // A line about them is written then.
  // Of requests that had no reply. The log reads it when this may be gone.
  const std::shared_ptr<std::atomic<std::uint64_t>> lost_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);

  static constexpr std::uint32_t no_backup = ~std::uint32_t{0};

  pool::ServerId id_{};
  BoardWatcher* watcher_ = nullptr;

  mutable std::mutex mutex_;
  net::Address address_;
  std::string cause_;         // Of the present standing,
  Instant since_{};           // and when it began.
  std::string last_failure_;  // In the words of its reporter.
  log::RateLimit lines_{lines_per_minute_max};
  log::RateLimit lost_lines_{lost_lines_per_minute_max};
  Failures failures_{one_event};
  Failures doubts_{Duration::zero()};  // Replies that say that it cannot.
  Owed owed_;
  Owed doubtful_;  // Failed at a server that is not ejected (yet).
  config::ServerState file_state_ = config::ServerState::up;
  std::optional<config::ServerState> hand_state_;
  Instant hand_state_since_{};
};

}  // namespace ringway::proxy
