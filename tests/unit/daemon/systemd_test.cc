// The watchdog of systemd is fed for as long as every worker turns.
#include "daemon/systemd.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../asleep_io.h"
#include "../folder.h"

namespace ringway::cli {
namespace {

using std::chrono::milliseconds;

// NOTIFY_SOCKET's other end, for a process that is watched over every 400 ms.
class NotifySocket {
 public:
  NotifySocket() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    const std::string path = folder_.write("notify", "");
    ::unlink(path.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "400000", 1);
    ::unsetenv("WATCHDOG_PID");
  }
  ~NotifySocket() { ::close(fd_); }

  // All that it was told since it was last asked.
  std::string heard() const {
    std::string all;
    char text[256];
    for (ssize_t size = 0; (size = ::recv(fd_, text, sizeof text, 0)) > 0;) {
      all.append(text, static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  testing::Folder folder_;
  int fd_;
};

struct Watched {
  void turn(std::uint32_t worker) {
    shared.registry.worker(worker)[metrics::WorkerMetric::turns].add();
  }
  // What is told at the next feeding.
  std::string fed() {
    now += milliseconds(100);
    systemd.feed_watchdog(now, shared);
    return manager.heard();
  }

  NotifySocket manager;
  Systemd systemd;
  testing::AsleepIo first, second;
  worker::Shared shared{{&first, &second}};
  Instant now{std::chrono::hours(1)};
};

TEST_CASE("the watchdog hears of a process whose workers all turn") {
  Watched watched;
  watched.fed();  // To see what they do from now on.
  for (int i = 0; i < 10; ++i) {
    watched.turn(0);
    watched.turn(1);
    CHECK(watched.fed() == "WATCHDOG=1\n");
  }
}

TEST_CASE("it hears nothing while one worker does not turn, and again once it does") {
  Watched watched;
  watched.fed();
  for (int i = 0; i < 100; ++i) {
    watched.turn(0);
    CHECK(watched.fed().empty());
  }
  watched.turn(1);
  CHECK(watched.fed().empty());  // The other one has not turned since.
  watched.turn(0);
  watched.turn(1);
  CHECK(watched.fed() == "WATCHDOG=1\n");
}

TEST_CASE("it is fed four times within its time, however often it is looked after") {
  Watched watched;
  watched.fed();
  watched.turn(0);
  watched.turn(1);
  CHECK(watched.systemd.next() == watched.now + milliseconds(100));
  watched.now += milliseconds(99);
  watched.systemd.feed_watchdog(watched.now, watched.shared);
  CHECK(watched.manager.heard().empty());
  watched.now -= milliseconds(99);
  CHECK(watched.fed() == "WATCHDOG=1\n");
}

}  // namespace
}  // namespace ringway::cli
