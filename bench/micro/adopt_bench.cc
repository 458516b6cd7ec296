// What a worker pays for a reload: the CPU time of the turn in which it adopts a new
// snapshot, with a pool of many servers of which one comes or goes each time, a connection
// to each of them, and thousands of clients whose idle_timeout is another; and of the first,
// when all servers are new. Building the snapshot is somebody else's time and told beside it.
// Checks are off: they would fall into some turns and not into others.
//
//   bench_adopt [SERVERS] [ROUNDS] [CLIENTS]
//
// Exits with 1 if one of them took more than limit_ms.
#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "ringway/base/assert.h"
#include "ringway/config/load.h"
#include "ringway/snapshot/snapshot.h"

#include "bench/common/sockets.h"
#include "net/open_io.h"
#include "worker/worker.h"

namespace ringway {
namespace {

constexpr double limit_ms = 5;
constexpr int turns_max = 10'000;

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Every address of the loopback net, at one port: a server on each.
class Machines {
 public:
  Machines() : fd_(*bench::listen_on("0.0.0.0:0")) {
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    const int known = ::getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &length);
    RINGWAY_ASSERT(known == 0);
    port_ = ntohs(bound.sin_port);
  }
  ~Machines() {
    for (const int fd : taken_) ::close(fd);
    ::close(fd_);
  }
  std::string address(int number) const {
    return "127.1." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1) + ":" +
           std::to_string(port_);
  }
  // Whoever has come is greeted, and never answered again.
  void let_in() {
    static constexpr std::string_view greeting = "VERSION 1\r\n";
    for (int fd = 0; (fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      taken_.push_back(fd);
      (void)!::write(fd, greeting.data(), greeting.size());
    }
  }

 private:
  int fd_;
  int port_ = 0;
  std::vector<int> taken_;
};

config::Config configuration(const Machines& machines, int servers, const char* idle_timeout,
                             bool preconnect) {
  std::string toml =
      "[listener.web]\nbind = \"127.0.0.1:11311\"\nroute = \"web\"\nidle_timeout = \"";
  toml += idle_timeout;
  toml += "\"\n[pool.web]\ndistribution = \"ketama\"\nhash = \"fnv1a_64\"\npreconnect = ";
  toml += preconnect ? "true\nservers = [" : "false\nservers = [";
  for (int i = 0; i < servers; ++i) {
    toml += "\"" + machines.address(i) + ":1 cache-" + std::to_string(i) + "\", ";
  }
  const auto none = [](std::string_view) { return std::nullopt; };
  toml += "]\n[pool.web.health]\ncheck = \"off\"\n";
  return *config::load_text(toml, "bench", none).config;
}

// A worker on this thread, and everything that it has to do with.
class LoneWorker {
 public:
  explicit LoneWorker(net::Io& io) : shared_({&io}), worker_(0, io, shared_) {}
  ~LoneWorker() {
    shared_.post_all(worker::Stop{});
    while (!worker_.stopped()) worker_.turn();
    for (const int fd : peers_) ::close(fd);
  }

  void build(config::Config config) {
    const snapshot::Identities identities{
        .server = [&](const pool::ServerIdentity& server) { return shared_.board.id_of(server); },
        .listener = [](const std::string&) { return 0; }};
    const double begun = cpu_ms();
    next_ = snapshot::build(std::move(config), ++generation_, identities);
    for (const pool::Server& server : next_->pools[0]->servers) {
      if (!shared_.board.address(server.id).empty()) continue;
      shared_.board.set_address(server.id, *net::Address::parse(server.address));
    }
    built_ms_ += cpu_ms() - begun;
  }
  // The CPU time that it took.
  double adopt() {
    shared_.post_all(worker::Adopt{next_.get()});
    const double before = cpu_ms();
    worker_.turn();
    const double took = cpu_ms() - before;
    RINGWAY_ASSERT(shared_.reports[0]->generation == generation_);
    present_ = std::move(next_);
    return took;
  }
  void take_clients(int count) {
    for (int i = 0; i < count; ++i) {
      int pair[2];
      const int made = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
      RINGWAY_ASSERT(made == 0 && "two open files for each client");
      peers_.push_back(pair[1]);
      shared_.reports[0]->clients.fetch_add(1);
      shared_.loads[0].clients.fetch_add(1);
      shared_.post_all(worker::TakeClient{pair[0], 0});
    }
    while (worker_.clients().size() < peers_.size()) worker_.turn();
  }
  // Until it has a connection to so many servers.
  void connect(int servers, Machines& machines) {
    for (int turns = 0; connections() != servers; ++turns) {
      RINGWAY_ASSERT(turns < turns_max);
      worker_.turn();
      machines.let_in();
    }
  }
  double built_ms() const { return built_ms_; }

 private:
  int connections() {
    int count = 0;
    worker_.servers().each([&](const proxy::ServerConn& conn) {
      count += conn.state == proxy::ServerConnState::ready ? 1 : 0;
    });
    return count;
  }

  worker::Shared shared_;
  worker::Worker worker_;
  std::unique_ptr<snapshot::Snapshot> present_, next_;
  std::uint64_t generation_ = 0;
  double built_ms_ = 0;
  std::vector<int> peers_;
};

int run(int servers, int rounds, int clients) {
  bench::raise_file_limit();
  auto choice = net::open_io(net::IoKind::automatic, {});
  if (!choice) return std::fprintf(stderr, "%s\n", choice.error().c_str()), 1;
  Machines machines;
  LoneWorker lone(*choice->io);
  lone.build(configuration(machines, servers, "10m", false));
  const double first = lone.adopt();
  lone.take_clients(clients);
  lone.build(configuration(machines, servers, "10m", true));
  lone.adopt();
  lone.connect(servers, machines);
  std::vector<double> adopting;
  const double built_before = lone.built_ms();
  for (int round = 1; round <= rounds; ++round) {
    const int wanted = servers - round % 2;
    lone.build(configuration(machines, wanted, round % 2 == 1 ? "11m" : "10m", true));
    adopting.push_back(lone.adopt());
    lone.connect(wanted, machines);
  }
  std::ranges::sort(adopting);
  std::printf(
      "%d servers, ketama, each connected, %d clients with another idle_timeout, %d rounds: "
      "adopted in %.3f ms of CPU (median), %.3f ms (worst), %.3f ms when all servers were new; "
      "built in %.1f ms (mean)\n",
      servers, clients, rounds, adopting[adopting.size() / 2], adopting.back(), first,
      (lone.built_ms() - built_before) / rounds);
  if (std::max(first, adopting.back()) <= limit_ms) return 0;
  std::printf("above the %.0f ms that are allowed\n", limit_ms);
  return 1;
}

int number(const char* word, int least) {
  return std::max(least, std::atoi(word));
}

}  // namespace
}  // namespace ringway

int main(int count, char** words) {
  using ringway::number;
  return ringway::run(count > 1 ? number(words[1], 2) : 1000, count > 2 ? number(words[2], 1) : 100,
                      count > 3 ? number(words[3], 0) : 4000);
}
