// What the program tells its operator: state changes, never requests. Any thread may
// log; nobody waits for a disk or a pipe, for a thread of its own writes the lines and
// drops the oldest when 8,192 of them wait (the number dropped is logged and counted).
//
// Before start() and after stop() lines go straight to standard error.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fmt/core.h>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ringway/base/result.h"
#include "ringway/base/time.h"

#include "log/event.h"
#include "log/rate_limit.h"

namespace ringway::config {
struct Log;
enum class LogLevel : std::uint8_t;
}  // namespace ringway::config

namespace ringway::log {

enum class Level : std::uint8_t { debug, info, warning, error };

// Fails if the file cannot be opened. Only while stopped.
Result<void> start(const config::Log& config);

// A disk or a pipe that takes nothing is not waited for longer.
inline constexpr std::chrono::seconds stop_patience{1};

// Returns when every line is written; false: some are not, and the writer hangs in the kernel.
bool stop();

// What is less than this is not written from now on.
void set_level(config::LogLevel level);

// Goes on in a new file of the same name, for log rotation. A file that cannot be
// opened leaves the old one in use and says so. Nothing to do for standard error.
void reopen();

// Lines given to `sink` go nowhere else: for simulation and tests. It is called on the
// thread that logs, one call at a time, and must not log. An empty sink ends that.
using Sink = std::function<void(Level, std::string_view)>;
void set_sink(Sink sink);

// Lines dropped because they came faster than they could be written, since the start
// of the program.
std::uint64_t lost_lines();

bool enabled(Level level);
void write(Level level, std::string text, Event event);

// What a limit looked at. A line that it refused is kept as the newest about `key`, and
// written when its minute is over, or when the log stops; unless a newer one came before. It tells
// by how much `counted` has risen since.
using Counted = std::shared_ptr<const std::atomic<std::uint64_t>>;
void write_limited(const RateLimit::Verdict& verdict, const std::string& key, Level level,
                   std::string text, Event event, const Counted& counted = {});
// Gives what is due by now to the sink, whose time is not the machine's.
void pass_time(Instant now);

template <typename... Args>
void tell(Level level, Event event, fmt::format_string<Args...> format, Args&&... args) {
  if (!enabled(level)) return;
  write(level, fmt::format(format, std::forward<Args>(args)...), std::move(event));
}

}  // namespace ringway::log
