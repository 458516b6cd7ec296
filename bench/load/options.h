// What the generator is asked to do, as said on the command line.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::bench {

struct Options {
  std::string server;
  std::uint32_t connections = 50;
  std::uint32_t active = 0;  // 0: all of them.
  std::uint32_t pipeline = 1;
  std::uint32_t multiget = 1;
  double get_ratio = 0.9;
  std::uint32_t keys = 10000;
  std::uint32_t key_bytes = 20;
  std::string key_prefix = "key:";
  std::uint32_t value_min = 32;
  std::uint32_t value_max = 1024;
  double zipf = 0;  // 0: every key equally often.
  double duration_s = 5;
  std::uint64_t requests = 0;  // 0: as many as fit into the duration.
  double rate = 0;             // Requests per second, open loop; 0: closed loop.
  std::uint64_t seed = 1;
  double warmup_s = 0;
  bool fill = false;
  std::uint64_t reconnect_every = 0;
  double drain_s = 5;
  bool tolerate_errors = false;
  bool tolerate_misses = false;
  bool tolerate_closes = false;
  bool on_command = false;
  bool progress = false;
  std::string json;
  int core = -1;
};

// Fills `options`. Returns -1 to go on, else the exit status.
int parse_options(int argc, char** argv, Options& options);

}  // namespace ringway::bench
