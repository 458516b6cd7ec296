// ringway-fake: a memcached server that stores nothing and answers at once, on
// as many addresses as it is given. See bench/README.md for what it is good for.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <signal.h>
#include <string>
#include <vector>

#include "bench/common/sockets.h"
#include "bench/fake/server.h"

namespace {

volatile bool stop = false;

void on_signal(int /*number*/) {
  stop = true;
}

// Without SA_RESTART, so that a signal ends the wait.
void stop_on(int number) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(number, &action, nullptr);
}

int serve(const std::vector<std::string>& addresses, const ringway::bench::FakeSettings& settings) {
  ringway::bench::FakeServer server(settings);
  for (const std::string& address : addresses) {
    const auto fd = ringway::bench::listen_on(address);
    if (!fd) {
      std::fprintf(stderr, "bench_fake: %s\n", fd.error().c_str());
      return 2;
    }
    server.add_listener(*fd);
  }
  std::puts("ready");
  std::fflush(stdout);
  server.run(stop);
  std::printf("answered %llu requests\n", static_cast<unsigned long long>(server.answered()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Answers memcached requests at once, storing nothing."};
  std::vector<std::string> addresses;
  std::string value = "32-1024";
  int core = -1;
  ringway::bench::FakeSettings settings;
  app.add_option("--listen", addresses, "host:port or unix:/path; may be given often")->required();
  app.add_option("--value", value, "bytes of a value, MIN-MAX")->capture_default_str();
  app.add_option("--cpu", core, "the core to run on");
  app.add_flag("--check", settings.check, "refuse stored values that do not follow the rule");
  CLI11_PARSE(app, argc, argv);
  if (!ringway::bench::parse_size_range(value, settings.rule.size_min, settings.rule.size_max)) {
    std::fprintf(stderr, "bench_fake: --value wants MIN-MAX, for instance 32-1024\n");
    return 2;
  }
  ringway::bench::raise_file_limit();
  ringway::bench::pin_to_core(core);
  stop_on(SIGINT);
  stop_on(SIGTERM);
  return serve(addresses, settings);
}
