// From the call to the file: levels, formats, rotation, many threads and too many lines.
#include "log/log.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "ringway/config/config.h"

#include "log/line_queue.h"

namespace ringway::log {
namespace {

using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

const Event event{.name = "tested"};

template <typename... Args>
void say(Level level, fmt::format_string<Args...> format, Args&&... args) {
  tell(level, event, format, std::forward<Args>(args)...);
}

// A folder of its own that goes away, and a log that writes into it.
class LogFolder {
 public:
  LogFolder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~LogFolder() {
    stop();
    std::filesystem::remove_all(path_);
  }

  std::string file(const std::string& name = "ringway.log") const { return path_ + "/" + name; }

  void start_log(config::LogFormat format = config::LogFormat::text,
                 config::LogLevel level = config::LogLevel::info) {
    REQUIRE(start({.level = level, .format = format, .file = file()}));
  }

  // Without the times of text lines.
  Lines lines(const std::string& name = "ringway.log") const {
    Lines found;
    std::ifstream input(file(name));
    for (std::string line; std::getline(input, line);) {
      found.push_back(line.front() == '{' ? line : line.substr(25));
    }
    return found;
  }

 private:
  std::string path_ = "/tmp/ringway-log-XXXXXX";
};

bool any_begins(const Lines& lines, std::string_view text) {
  return std::ranges::any_of(lines, [text](const auto& line) { return line.starts_with(text); });
}

TEST_CASE("lines are in the file, in order, once the log is stopped") {
  LogFolder folder;
  folder.start_log();
  say(Level::info, "server {} is {}", "web1", "up");
  say(Level::error, "second");
  stop();
  CHECK(folder.lines() == Lines{"info server web1 is up", "error second"});
}

TEST_CASE("lines below the level are not written") {
  LogFolder folder;
  folder.start_log(config::LogFormat::text, config::LogLevel::warning);
  say(Level::debug, "d");
  say(Level::info, "i");
  say(Level::warning, "w");
  say(Level::error, "e");
  stop();
  CHECK(folder.lines() == Lines{"warning w", "error e"});
}

TEST_CASE("JSON lines are objects") {
  LogFolder folder;
  folder.start_log(config::LogFormat::json);
  say(Level::info, "a \"quoted\" name");
  stop();
  REQUIRE(folder.lines().size() == 1);
  CHECK(folder.lines()[0].ends_with(
      R"("level":"info","event":"tested","message":"a \"quoted\" name"})"));
}

TEST_CASE("a log that is started again goes on in the same file") {
  LogFolder folder;
  for (const char* line : {"one", "two"}) {
    folder.start_log();
    say(Level::info, "{}", line);
    stop();
  }
  CHECK(folder.lines() == Lines{"info one", "info two"});
}

TEST_CASE("after rotation lines go to a new file of the old name") {
  LogFolder folder;
  folder.start_log();
  say(Level::info, "before");
  while (folder.lines().empty()) std::this_thread::yield();
  std::filesystem::rename(folder.file(), folder.file("ringway.log.1"));
  reopen();
  say(Level::info, "after");
  stop();
  CHECK(folder.lines("ringway.log.1") == Lines{"info before"});
  CHECK(folder.lines() == Lines{"info after"});
}

TEST_CASE("a file that cannot be opened again leaves the old one in use") {
  LogFolder folder;
  folder.start_log();
  say(Level::info, "before");
  while (folder.lines().empty()) std::this_thread::yield();
  std::filesystem::rename(folder.file(), folder.file("old"));
  std::filesystem::create_directory(folder.file());
  reopen();
  say(Level::info, "after");
  stop();
  const Lines lines = folder.lines("old");
  CHECK(lines.size() == 3);
  CHECK(any_begins(lines, "info after"));
  CHECK(any_begins(lines, "error cannot open the log file " + folder.file()));
}

TEST_CASE("a file that cannot be opened is a failure to start, with its name") {
  const auto started = start({.file = "/proc/no/such/file"});
  REQUIRE_FALSE(started);
  CHECK(started.error().find("/proc/no/such/file") != std::string::npos);
}

TEST_CASE("a sink gets the lines instead of the file") {
  LogFolder folder;
  folder.start_log();
  Lines seen;
  set_sink([&seen](Level, std::string_view text) { seen.emplace_back(text); });
  say(Level::info, "for the sink");
  set_sink({});
  say(Level::info, "for the file");
  stop();
  CHECK(seen == Lines{"for the sink"});
  CHECK(folder.lines() == Lines{"info for the file"});
}

TEST_CASE("many threads may log and no line is torn") {
  LogFolder folder;
  folder.start_log();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i)
        say(Level::info, "{} {}", t, std::string(200, static_cast<char>('a' + t)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop();
  const Lines lines = folder.lines();
  CHECK(lines.size() == 2000);
  for (const std::string& line : lines) CHECK(line.size() == 207);
}

TEST_CASE("a log that cannot be written blocks nobody and says how many lines it lost") {
  LogFolder folder;
  REQUIRE(::mkfifo(folder.file().c_str(), 0600) == 0);
  // A pipe that nobody reads would be refused.
  const int first_reader = ::open(folder.file().c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(first_reader >= 0);
  folder.start_log();
  std::ifstream reader(folder.file());
  ::close(first_reader);
  const std::uint64_t lost_before = lost_lines();
  // More than the queue and what the writer took before the pipe was full.
  const std::size_t count = 2 * LineQueue::lines_max + 100;
  for (std::size_t i = 0; i < count; ++i) say(Level::info, "{} {}", i, std::string(100, 'x'));
  Lines lines;
  std::thread reading([&] {
    for (std::string line; std::getline(reader, line);) lines.push_back(line.substr(25));
  });
  stop();
  reading.join();
  CHECK(lost_lines() >= lost_before + 100);
  CHECK(lines.back().starts_with(fmt::format("info {} ", count - 1)));
  CHECK(std::ranges::any_of(lines, [](const auto& line) {
    return line.starts_with("warning ") && line.find(" log lines were lost") != line.npos;
  }));
}

TEST_CASE("a full queue drops its oldest line") {
  LineQueue queue;
  for (std::size_t i = 0; i < LineQueue::lines_max + 2; ++i) {
    queue.push({Time{}, Level::info, std::to_string(i)});
  }
  const auto batch = queue.take();
  CHECK(batch.lost == 2);
  CHECK(batch.lines.front().message == "2");
  CHECK(batch.lines.size() == LineQueue::lines_max);
}

RateLimit::Verdict refused(std::uint64_t number, std::uint64_t left_out, Instant due) {
  return {.allowed = false, .left_out = left_out, .now = due - 40s, .due = due, .number = number};
}

TEST_CASE("of what a limit refuses the newest is told when it is due, once, and by its age") {
  Lines seen;
  set_sink([&seen](Level, std::string_view text) { seen.emplace_back(text); });
  const Instant due{100s};
  write_limited(refused(1, 0, due), "web1", Level::warning, "web1 is ejected", event);
  write_limited(refused(2, 1, due), "web1", Level::info, "web1 is up", event);
  write_limited(refused(3, 0, due), "web2", Level::info, "web2 is up", event);
  pass_time(due - 1ms);
  CHECK(seen.empty());
  pass_time(due);
  CHECK(seen == Lines{"web1 is up (40s ago; 1 lines like this left out)", "web2 is up (40s ago)"});
  pass_time(due + 1h);
  CHECK(seen.size() == 2);
  set_sink({});
}

TEST_CASE("what is only counted while a line is held is told by it") {
  Lines seen;
  set_sink([&seen](Level, std::string_view text) { seen.emplace_back(text); });
  const Instant due{100s};
  const auto count = std::make_shared<std::atomic<std::uint64_t>>(7);
  write_limited(refused(1, 0, due), "web1", Level::warning, "web1 lost one", event, count);
  *count += 5;
  pass_time(due);
  CHECK(seen == Lines{"web1 lost one (40s ago; 5 more since)"});
  set_sink({});
}

TEST_CASE("lines are due in their order, however they replace each other") {
  HeldLines held;
  const auto hold = [&](const std::string& key, std::uint64_t number, Instant due) {
    held.hold(key, {.line = {.time = {}, .level = {}, .message = key, .event = {}},
                    .since = due - 60s,
                    .due = due,
                    .number = number});
  };
  CHECK(held.next() == never);
  hold("late", 1, Instant{100s});
  hold("early", 2, Instant{50s});
  CHECK(held.next() == Instant{50s});
  hold("early", 3, Instant{200s});
  CHECK(held.take_due(Instant{99s}).empty());
  CHECK(held.next() == Instant{100s});
  CHECK(held.take_due(Instant{150s}).size() == 1);
  CHECK(held.next() == Instant{200s});
  held.drop("early", 4);
  CHECK(held.next() == never);
  hold("last", 5, Instant{300s});
  CHECK(held.take_all(Instant{250s}).size() == 1);
}

TEST_CASE("a newer line that is let through is the last word") {
  Lines seen;
  set_sink([&seen](Level, std::string_view text) { seen.emplace_back(text); });
  const Instant due{100s};
  write_limited(refused(1, 0, due), "web1", Level::warning, "web1 is ejected", event);
  write_limited({.allowed = true, .left_out = 1, .number = 2}, "web1", Level::info, "web1 is up",
                event);
  pass_time(due);
  CHECK(seen == Lines{"web1 is up (1 lines like this left out)"});
  set_sink({});
}

Instant steady_now() {
  return Instant{std::chrono::steady_clock::now().time_since_epoch()};
}

TEST_CASE("what is held is written by the log's thread when it is due, and at the end") {
  LogFolder folder;
  folder.start_log();
  write_limited(refused(1, 0, steady_now() + 50ms), "web1", Level::info, "web1 is up", event);
  write_limited(refused(2, 0, steady_now() + 1h), "web2", Level::info, "web2 is up", event);
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (folder.lines().empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(1ms);
  }
  CHECK(any_begins(folder.lines(), "info web1 is up (40s ago)"));
  CHECK(folder.lines().size() == 1);
  stop();
  CHECK(any_begins(folder.lines(), "info web2 is up ("));
}

}  // namespace
}  // namespace ringway::log
