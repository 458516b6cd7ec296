// Start in an order in which each thing can still say no, wait, end in reverse: the
// file, the log, the Ios, the admin port, the listeners; only then traffic. What the
// file leaves open (workers, clients_max, memory_max) is settled here by the machine.
#include "cli/run.h"

#include <algorithm>
#include <iostream>
#include <signal.h>

#include "ringway/config/load.h"

#include "cli/explain_route.h"
#include "cli/machine.h"
#include "cli/signals.h"
#include "cli/state_route.h"
#include "cli/status.h"
#include "cli/worker_threads.h"
#include "log/log.h"
#include "reload/control.h"
#include "reload/system_world.h"

namespace ringway::cli {
namespace {

int give_up(const std::string& why) {
  log::error("{}", why);
  log::stop();
  return 1;
}

// What the file leaves to the machine: every client is a file descriptor, and the
// rest of them is kept for servers, listeners and ringway itself.
void settle_limits(config::Config& config) {
  config::Router& router = config.router;
  if (router.workers == 0) router.workers = cpus_allowed();
  if (router.memory_max_default) {
    if (const auto limit = memory_limit()) router.memory_max = *limit / 4 * 3;
  }
  std::uint64_t reserve = 64 + 8 * std::uint64_t{router.workers};
  for (const config::Pool& pool : config.pools) {
    reserve += std::uint64_t{2} * pool.servers.size() * pool.server_connections * router.workers;
  }
  const std::uint64_t files = raise_file_limit();
  const std::uint64_t clients = files > reserve + 16 ? files - reserve : 16;
  for (config::Listener& listener : config.listeners) {
    const std::uint64_t wanted = listener.clients_max.value_or(clients);
    if (listener.clients_max && wanted > clients) {
      log::warning("listener {}: clients_max {} is more than the file limit ({}) allows: {}",
                   listener.name, wanted, files, clients);
    }
    listener.clients_max = static_cast<std::uint32_t>(std::min(wanted, clients));
  }
}

net::IoKind io_kind(config::IoKind kind) {
  switch (kind) {
    case config::IoKind::io_uring: return net::IoKind::io_uring;
    case config::IoKind::epoll: return net::IoKind::epoll;
    case config::IoKind::automatic: break;
  }
  return net::IoKind::automatic;
}

void say_hello(const config::Config& config, const WorkerThreads& threads, std::uint32_t workers) {
  log::info("ringway {} started with {}: {} worker{} over {} ({})", RINGWAY_VERSION, config.file,
            workers, workers == 1 ? "" : "s", threads.io_name(), threads.io_reason());
  for (const config::Listener& listener : config.listeners) {
    for (const std::string& bind : listener.bind) {
      log::info("listening on {} for {}", bind, listener.route);
    }
  }
}

void wait_for_the_end(Signals& signals, reload::Control& control, reload::World& world) {
  while (!control.over()) {
    const Duration pause =
        control.next() == never ? Duration(std::chrono::hours(1)) : control.next() - world.now();
    const int signal = signals.wait(std::max(pause, Duration::zero()));
    if (signal == SIGTERM || signal == SIGINT) {
      if (control.phase() == reload::Phase::running) {
        log::info("stopping: asked by {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
        control.ask_stop();
      } else {
        control.ask_stop_now();
      }
    }
    if (signal == SIGUSR1) log::reopen();
    if (signal == SIGHUP) log::warning("SIGHUP: reload is not supported yet; nothing was changed");
    control.step();
  }
}

}  // namespace

namespace {

int run_loaded(config::Loaded loaded) {
  for (const config::Problem& problem : loaded.problems) std::cerr << text(problem) << "\n";
  if (!loaded.config) return 1;
  const config::Problems refusals = config::refusals(*loaded.config);
  for (const config::Problem& problem : refusals) std::cerr << text(problem) << "\n";
  return refusals.empty() ? cli::run(std::move(*loaded.config)) : 1;
}

}  // namespace

int run(const std::string& file) {
  return run_loaded(config::load_file(file, config::process_environment()));
}

int run(const OneLine& line) {
  return run_loaded(
      config::load_text(as_toml(line), "the command line", config::process_environment()));
}

int run(config::Config config) {
  Signals signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1};
  if (const auto started = log::start(config.log); !started) return give_up(started.error());
  settle_limits(config);

  net::IoSettings settings;
  settings.batch_window = config.router.batch_window;
  const std::uint32_t workers = config.router.workers;
  WorkerThreads threads(workers, io_kind(config.router.io), settings);
  if (const std::string why = threads.failure(); !why.empty()) return give_up(why);

  worker::Crew crew(threads.ios());
  reload::SystemWorld world;
  reload::Control control(std::move(config), crew, world);
  const config::Config& effective = control.snapshot().config;
  Status status(control, crew, threads.io_name());
  admin::Admin admin(status, {explain_route(control, crew), state_route(control)});
  if (const auto ok = admin.start(effective.metrics, effective.admin); !ok) {
    return give_up(ok.error());
  }
  if (const auto ok = control.start(); !ok) return give_up(ok.error());
  threads.begin(crew);
  say_hello(effective, threads, workers);
  wait_for_the_end(signals, control, world);
  threads.join();
  admin.stop();
  log::info("stopped");
  log::stop();
  return 0;
}

}  // namespace ringway::cli
