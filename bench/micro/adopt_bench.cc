// What a worker pays for a reload: the CPU time of the turn in which it adopts a new
// snapshot, with a pool of many servers of which one comes or goes each time; and of the
// first, when all of them are new. Building the snapshot is somebody else's time and told
// beside it. Checks are off: they would fall into some turns and not into others.
//
//   bench_adopt [SERVERS] [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "ringway/config/load.h"
#include "ringway/snapshot/snapshot.h"

#include "net/open_io.h"
#include "worker/worker.h"

namespace ringway {
namespace {

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

config::Config configuration(int servers) {
  std::string toml =
      "[listener.web]\nbind = \"127.0.0.1:11311\"\nroute = \"web\"\n[pool.web]\n"
      "distribution = \"ketama\"\nhash = \"fnv1a_64\"\nservers = [";
  for (int i = 0; i < servers; ++i) {
    toml += "\"10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) +
            ":11211:1 cache-" + std::to_string(i) + "\", ";
  }
  const auto none = [](std::string_view) { return std::nullopt; };
  toml += "]\n[pool.web.health]\ncheck = \"off\"\n";
  return *config::load_text(toml, "bench", none).config;
}

int run(int servers, int rounds) {
  auto choice = net::open_io(net::IoKind::epoll, {});
  if (!choice) return std::fprintf(stderr, "%s\n", choice.error().c_str()), 1;
  worker::Crew crew({choice->io.get()});
  worker::Worker worker(0, *choice->io, crew);
  const snapshot::Identities identities{
      .server = [&](const pool::ServerIdentity& server) { return crew.board.id_of(server); },
      .listener = [](const std::string&) { return 0; }};
  std::vector<double> adopting;
  double building = 0;
  std::unique_ptr<snapshot::Snapshot> present;
  for (int round = 1; round <= rounds; ++round) {
    const double begun = cpu_ms();
    auto next = snapshot::build(configuration(servers - round % 2),
                                static_cast<std::uint64_t>(round), identities);
    building += cpu_ms() - begun;
    crew.post_all(worker::Adopt{next.get()});
    const double before = cpu_ms();
    worker.turn();
    adopting.push_back(cpu_ms() - before);
    present = std::move(next);
  }
  const double first = adopting.front();
  adopting.erase(adopting.begin());
  std::ranges::sort(adopting);
  std::printf(
      "%d servers, ketama, %d rounds: adopted in %.3f ms of CPU (median), %.3f ms (worst), "
      "%.3f ms when all were new; read and built in %.1f ms (mean)\n",
      servers, rounds, adopting[adopting.size() / 2], adopting.back(), first, building / rounds);
  crew.post_all(worker::Stop{});
  while (!worker.stopped()) worker.turn();
  return 0;
}

}  // namespace
}  // namespace ringway

int main(int count, char** words) {
  return ringway::run(count > 1 ? std::atoi(words[1]) : 1000,
                      count > 2 ? std::max(2, std::atoi(words[2])) : 100);
}
