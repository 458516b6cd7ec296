// What one seed is about: how the router is configured, who lives around it, what
// goes wrong and when. Drawn from the seed, then never changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringway/config/config.h"

#include "net/io_settings.h"
#include "sim/chance.h"
#include "sim/fake_client.h"
#include "sim/fake_server.h"
#include "sim/faults.h"

namespace ringway::sim {

struct Incident {
  std::uint32_t server;
  Trouble trouble;
  Duration after;
  Duration time;
};

// What somebody asks of a server by hand; nullopt: auto.
struct HandState {
  Duration after;
  std::uint32_t server;
  std::optional<config::ServerState> state;
};

// A name leads to another address, or for a while nowhere.
struct Move {
  Duration after;
  std::uint32_t server;
  std::optional<net::Address> to;
  bool old_dies;
  Duration nowhere;
};

// What somebody writes into the file while the router runs.
struct Draft {
  Duration after{};  // The start of the run.
  config::Config config;
  bool fine = true;  // Otherwise it cannot be read.
};

struct Scenario {
  Faults faults;
  config::Config config;
  net::IoSettings io;
  std::uint32_t workers = 1;
  std::vector<net::Address> servers;  // Where the names of the configuration lead.
  std::vector<std::string> keys;
  std::vector<ClientPlan> clients;  // `begin` counts from the start of the run.
  std::vector<Incident> incidents;
  std::vector<config::Server> every_server;  // As `servers`: the pool's, then others'.
  std::vector<Draft> drafts;
  std::vector<HandState> hands;
  std::vector<Move> moves;
  Duration span{};               // Most of the work happens within.
  Duration faults_end{};         // All that goes wrong is over by then.
  Duration grace{};              // How long the router may need to recover.
  Duration stop_after{};         // Zero, or when the router is asked to stop in mid-traffic.
  bool errors_anywhere = false;  // Faults that may hit any request.
  bool lost_silently = false;    // Connections died and nobody was told.
  bool exact = true;             // Every request reached the router whole.
  bool ejects = false;           // Servers that fail are taken out.
  bool keeps = false;            // What a home missed may stay there.
  bool innocent = false;         // Whatever fails, no server is to blame.
  bool waits_long = false;       // What a server is asked may reach it long after.
  bool short_of_memory = false;  // memory_max is reached.

  const config::Pool& pool() const { return config.pools[0]; }
  // Of every configuration.
  template <typename See>
  void each_pool(See see) const {
    for (const config::Pool& pool : config.pools) see(pool);
    for (const Draft& draft : drafts) {
      for (const config::Pool& pool : draft.config.pools) see(pool);
    }
  }
  // Of `servers`.
  std::uint32_t number_of(const std::string& address) const;
  Duration stall_max() const {
    return std::chrono::milliseconds(std::max(faults.worker_stall_ms, faults.pause_ms));
  }
  // Over all configurations: the longest timeout; how long a request may be on its way to a
  // server where nothing hangs; how long recovery takes.
  Duration timeout_max() const;
  Duration slowest_request() const;
  Duration recovery() const;
  // Some configuration checks servers by this.
  bool checks_by(config::Check check) const;
};

// It is known by a name, which may move or lead nowhere, and not by where it is.
bool has_name(const config::Server& server);

void draw_ejection(Chance chance, Scenario& scenario);
// The rules alone: thresholds, modes, times.
void draw_rules(Chance& chance, config::Pool& pool);

Scenario draw_scenario(std::uint64_t seed);
// A well-behaved client for the calm after the storm.
ClientPlan calm_client(const Scenario& scenario);

// Of every configuration of the run, once these are known.
// How much is remembered of what servers missed.
void draw_memory(Chance chance, Scenario& scenario);
// Whether reads that fail are told as misses.
void draw_misses(Chance chance, Scenario& scenario);
void draw_unstored(Chance chance, Scenario& scenario);
// How servers are checked that traffic does not prove alive.
void draw_checks(Chance chance, Scenario& scenario);

// In drafts.cc.
void draw_drafts(Chance chance, Scenario& scenario);
// Other names of servers, another hash, another distribution.
void draw_other_rings(Chance chance, Scenario& scenario);
// A second pool of some of the servers, to which routes move. Pool 0 is always the one that
// the first listener leads to.
void draw_second_pool(Chance chance, Scenario& scenario);
// In scenario_memory.cc: whether memory is short, and the largest value that is said then.
inline constexpr std::uint64_t short_memory_value_max = 400'000;
void draw_short_memory(Chance chance, Scenario& scenario);
// In scenario_moves.cc: states by hand, and names that lead elsewhere.
void draw_hands(Chance chance, Scenario& scenario);
void draw_moves(Chance chance, Scenario& scenario);

inline constexpr const char* side_bind = "127.0.0.1:11312";

void print(const Scenario& scenario);

}  // namespace ringway::sim
