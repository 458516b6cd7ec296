// One worker with fifty clients and four servers in memory: the user part of a request
// and nothing else, the same instructions each time. bench/instructions counts them.
//
//   build/bench/played/bench_played W1 10000
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ringway/config/load.h"

#include "bench/played/play_io.h"
#include "worker/worker.h"

namespace ringway::bench {
namespace {

constexpr const char* config_text = R"(
[listener.bench]
bind = "127.0.0.1:11311"
route = "bench"
[pool.bench]
hash = "fnv1a_64"
distribution = "ketama"
timeout = "5s"
servers = ["127.0.0.1:1:1 s0", "127.0.0.1:2:1 s1", "127.0.0.1:3:1 s2", "127.0.0.1:4:1 s3"]
)";

bool find_script(std::string_view name, Script& script) {
  if (name == "W1") return true;
  if (name == "W2") return script.pipeline = 16, true;
  if (name == "W3") return script.keys_per_get = 24, script.sets_of_10 = 0, true;
  if (name == "W4") {
    script.clients = 8;
    script.value_min = script.value_max = 100 * 1024;
    return true;
  }
  return false;
}

int play(const Script& script, std::uint64_t requests) {
  const auto unset = [](std::string_view) { return std::nullopt; };
  config::Loaded loaded = config::load_text(config_text, "bench", unset);
  if (!loaded.config) return 2;
  loaded.config->listeners[0].clients_max = 1000;
  PlayIo io(script);
  worker::Shared shared({&io});
  const auto snapshot = snapshot::build(
      std::move(*loaded.config), 1,
      {.server = [&shared](const auto& identity) { return shared.board.id_of(identity); },
       .listener = [](const std::string&) { return snapshot::ListenerId{0}; }});
  for (const pool::Server& server : snapshot->pools[0]->servers) {
    shared.board.set_address(server.id, net::Address::parse(server.address).value());
  }
  worker::Worker worker(0, io, shared);
  shared.post_all(worker::Adopt{snapshot.get()});
  for (std::uint32_t i = 0; i < script.clients; ++i) {
    shared.post_all(worker::TakeClient{io.client_fd(i), 0});
  }
  while (io.answered() < requests) {
    const Aside counted;
    worker.turn();
  }
  std::printf("%llu requests answered\n", static_cast<unsigned long long>(io.answered()));
  std::fflush(stdout);
  std::_Exit(0);  // Clients are still asking: there is no end to wait for.
}

}  // namespace
}  // namespace ringway::bench

int main(int argc, char** argv) {
  ringway::bench::Script script;
  if (argc != 3 || !ringway::bench::find_script(argv[1], script)) {
    std::fprintf(stderr, "usage: bench_played W1|W2|W3|W4 REQUESTS\n");
    return 2;
  }
  return ringway::bench::play(script, std::strtoull(argv[2], nullptr, 10));
}
