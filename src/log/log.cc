// The log's thread and its output. spdlog ends here: its sinks write, and its logger
// keeps a full disk from ending the program.
#include "log/log.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <future>
#include <memory>
#include <mutex>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "ringway/base/assert.h"
#include "ringway/config/config.h"

#include "log/line_queue.h"

namespace ringway::log {
namespace {

// Our lines carry their own form already.
class AsGiven final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    out.append(message.payload.begin(), message.payload.end());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<AsGiven>(); }
};

using Output = std::shared_ptr<spdlog::logger>;

Output output_to(spdlog::sink_ptr sink) {
  auto output = std::make_shared<spdlog::logger>("ringway", std::move(sink));
  output->set_formatter(std::make_unique<AsGiven>());
  output->set_level(spdlog::level::trace);  // Levels were looked at before.
  return output;
}

// To open such a pipe would wait for a reader, whatever signal comes meanwhile.
bool is_pipe_without_reader(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISFIFO(status.st_mode)) return false;
  const int fd = ::open(file.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) ::close(fd);
  return fd < 0 && errno == ENXIO;
}

Result<Output> open_output(const std::string& file) try {
  if (file.empty()) return output_to(std::make_shared<spdlog::sinks::stderr_sink_st>());
  if (is_pipe_without_reader(file)) {
    return failure("cannot open the log file " + file + ": it is a pipe that nobody reads");
  }
  return output_to(std::make_shared<spdlog::sinks::basic_file_sink_st>(file));
} catch (const spdlog::spdlog_ex& problem) {
  return failure("cannot open the log file " + file + ": " + problem.what());
}

Line line_now(Level level, std::string message, Event event) {
  RINGWAY_ASSERT(!event.name.empty() && "every line has an event");
  return {std::chrono::system_clock::now(), level, std::move(message), std::move(event)};
}

// A started log: everything between start() and stop().
class Writer {
 public:
  Writer(const config::Log& config, Output output)
      : file_(config.file),
        json_(config.format == config::LogFormat::json),
        output_(std::move(output)),
        thread_([this] { run(); }) {}

  // False: its thread hangs, and uses it still.
  bool finish() {
    queue_.end();
    if (over_.get_future().wait_for(stop_patience) != std::future_status::ready) return false;
    thread_.join();
    return true;
  }

  void push(Line line) { queue_.push(std::move(line)); }
  LineQueue& queue() { return queue_; }

  void ask_to_reopen() { queue_.ask_to_reopen(); }

  static std::atomic<std::uint64_t> lost;

 private:
  void run() {
    pthread_setname_np(pthread_self(), "log");
    for (auto batch = queue_.take(); !batch.empty(); batch = queue_.take()) {
      if (batch.reopen) reopen();
      lost += batch.lost;
      write(batch);
    }
    over_.set_value();
  }

  void reopen() {
    if (file_.empty()) return;
    auto opened = open_output(file_);
    if (opened) {
      output_ = std::move(*opened);
    } else {
      push(line_now(Level::error, opened.error() + "; going on in the old one",
                    {.name = "log_not_reopened", .cause = opened.error()}));
    }
  }

  void write(const LineQueue::Batch& batch) {
    if (batch.lost > 0) {
      write(line_now(
          Level::warning,
          fmt::format("{} log lines were lost: they came faster than they could be written",
                      batch.lost),
          {.name = "log_lines_lost"}));
    }
    for (const Line& line : batch.lines) write(line);
    output_->flush();
  }

  void write(const Line& line) {
    output_->log(spdlog::level::info,
                 json_ ? json_line(line.time, line.level, line.message, line.event)
                       : text_line(line.time, line.level, line.message));
  }

  const std::string file_;
  const bool json_;
  LineQueue queue_;
  Output output_;  // The thread's own.
  std::promise<void> over_;
  std::thread thread_;  // Last: it uses all of the above.
};

std::atomic<std::uint64_t> Writer::lost{0};

// One per program, because a log line must be possible anywhere. Who logs holds the
// mutex for the length of a push.
struct Shared {
  std::mutex mutex;
  Sink sink;
  HeldLines held_for_sink;
  std::unique_ptr<Writer> writer;
  std::atomic<Level> level{Level::info};
};

Shared& shared() {
  static Shared& only = *new Shared;  // Never destroyed: threads may log until the very end.
  return only;
}

Level level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug: return Level::debug;
    case config::LogLevel::info: return Level::info;
    case config::LogLevel::warning: return Level::warning;
    case config::LogLevel::error: break;
  }
  return Level::error;
}

}  // namespace

Result<void> start(const config::Log& config) {
  auto output = open_output(config.file);
  if (!output) return std::unexpected(output.error());
  const std::lock_guard lock(shared().mutex);
  RINGWAY_ASSERT(shared().writer == nullptr);
  shared().level = level_of(config.level);
  shared().writer = std::make_unique<Writer>(config, std::move(*output));
  return {};
}

bool stop() {
  std::unique_ptr<Writer> ending;
  {
    const std::lock_guard lock(shared().mutex);
    ending = std::move(shared().writer);
  }
  if (!ending || ending->finish()) return true;
  [[maybe_unused]] Writer* const left_to_its_thread = ending.release();
  return false;
}

void reopen() {
  const std::lock_guard lock(shared().mutex);
  if (shared().writer) shared().writer->ask_to_reopen();
}

void set_sink(Sink sink) {
  const std::lock_guard lock(shared().mutex);
  shared().sink = std::move(sink);
  shared().held_for_sink = {};
}

std::uint64_t lost_lines() {
  return Writer::lost;
}

void set_level(config::LogLevel level) {
  shared().level = level_of(level);
}

bool enabled(Level level) {
  return level >= shared().level.load(std::memory_order_relaxed);
}

void write(Level level, std::string text, Event event) {
  if (!enabled(level)) return;
  const std::lock_guard lock(shared().mutex);
  if (shared().sink) return shared().sink(level, text);
  Line made = line_now(level, std::move(text), std::move(event));
  if (shared().writer) return shared().writer->push(std::move(made));
  const std::string line = text_line(made.time, level, made.message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

namespace {

void hold(const std::string& key, HeldLines::Held held) {
  if (shared().sink) return shared().held_for_sink.hold(key, std::move(held));
  if (shared().writer) shared().writer->queue().hold(key, std::move(held));
}

void push_limited(Line line, const std::string& key, std::uint64_t number) {
  if (shared().sink) {
    shared().held_for_sink.drop(key, number);
    return shared().sink(line.level, line.message);
  }
  if (shared().writer) shared().writer->queue().push(std::move(line), key, number);
}

}  // namespace

void write_limited(const RateLimit::Verdict& verdict, const std::string& key, Level level,
                   std::string text, Event event, const Counted& counted) {
  if (!enabled(level)) return;
  if (verdict.allowed && verdict.left_out > 0) {
    text += fmt::format(" ({} lines like this left out)", verdict.left_out);
  }
  Line line = line_now(level, std::move(text), std::move(event));
  const std::lock_guard lock(shared().mutex);
  if (verdict.allowed) return push_limited(std::move(line), key, verdict.number);
  hold(key, {.line = std::move(line),
             .since = verdict.now,
             .due = verdict.due,
             .number = verdict.number,
             .left_out = verdict.left_out,
             .more = {counted, counted ? counted->load() : 0}});
}

void pass_time(Instant now) {
  const std::lock_guard lock(shared().mutex);
  if (!shared().sink) return;
  for (const Line& line : shared().held_for_sink.take_due(now)) {
    shared().sink(line.level, line.message);
  }
}

}  // namespace ringway::log
