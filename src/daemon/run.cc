// Start in an order in which each thing can still say no, wait, end in reverse: the
// file, the log, the Ios, the admin port, the listeners; only then traffic. What the
// file leaves open (workers, clients_max, memory_max) is settled here by the machine.
#include "daemon/run.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <future>
#include <malloc.h>
#include <map>
#include <set>
#include <signal.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "ringway/config/load.h"

#include "daemon/explain_route.h"
#include "daemon/machine.h"
#include "daemon/pulse.h"
#include "daemon/reload_route.h"
#include "daemon/signals.h"
#include "daemon/state_route.h"
#include "daemon/status.h"
#include "daemon/systemd.h"
#include "daemon/worker_threads.h"
#include "log/log.h"
#include "reload/advice.h"
#include "reload/control.h"
#include "reload/judge.h"
#include "reload/system_env.h"

namespace ringway::cli {
namespace {

int give_up(const std::string& why) {
  log::write(log::Level::error, why, {.name = "start_failed", .cause = why});
  if (!log::stop()) std::_Exit(1);
  return 1;
}

// For the threads of a process that ends: see ended().
constexpr Duration threads_patience = std::chrono::seconds(1);

// False if it was not over in time; then it still runs.
bool within(Duration patience, std::function<void()> work) try {
  std::packaged_task<void()> task(std::move(work));
  const std::future<void> done = task.get_future();
  std::thread thread(std::move(task));
  const bool over = done.wait_for(patience) == std::future_status::ready;
  over ? thread.join() : thread.detach();
  return over;
} catch (const std::system_error&) {  // No thread can be had for this.
  return false;
}

// Probes and scrapes have files of their own, few where there are few.
std::size_t http_connections_max(std::uint64_t files) {
  return std::clamp<std::uint64_t>(files / 8, 16, admin::HttpLimits().connections_max);
}

// The kernel's part of it is for sockets, and it has to be there when they are many.
config::MaybeBytes memory_max_by_default() {
  const auto limit = memory_limit();
  return limit ? config::MaybeBytes(*limit / 4 * 3) : std::nullopt;
}

// What the file leaves to the machine: every client is a file descriptor, and the
// rest of them is kept for servers, listeners and ringway itself. Asked by the start and by
// each reload, one after another; what is wrong is told once.
class MachineDefaults {
 public:
  void settle(config::Config& config) {
    config::Router& router = config.router;
    if (router.workers == 0) router.workers = cpus_allowed();
    if (router.memory_max_default) router.memory_max = memory_max_by_default();
    const std::uint64_t files = raise_file_limit();
    const std::uint64_t servers = files_for_servers(config);
    const std::uint64_t reserve = servers + files_for_the_rest(config, files);
    const std::uint64_t clients = files > reserve + 16 ? files - reserve : 16;
    settle_clients(config, files, clients);
    if (clients < files / 4) too_few(files, clients, servers);
  }

 private:
  // Of each server one is on its way out while another is made.
  static std::uint64_t files_for_servers(const config::Config& config) {
    std::uint64_t files = 0;
    for (const config::Pool& pool : config.pools) {
      const std::uint64_t each = std::uint64_t{pool.server_connections} + 1;
      files += each * pool.servers.size() * config.router.workers;
    }
    return files;
  }

  static std::uint64_t files_for_the_rest(const config::Config& config, std::uint64_t files) {
    const std::uint64_t own =
        64 + http_connections_max(files) + 8 * std::uint64_t{config.router.workers};
    // Who is turned away, and who is on the way from a listening socket.
    return own + proxy::rejected_max(config.router.workers) + 2 * config.listeners.size();
  }

  void settle_clients(config::Config& config, std::uint64_t files, std::uint64_t clients) {
    config.clients_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(clients, ~0u));
    std::uint64_t together = 0;
    for (config::Listener& listener : config.listeners) {
      const std::uint64_t wanted = listener.clients_max.value_or(clients);
      if (listener.clients_max) together += wanted;
      if (wanted > clients) too_many(listener.name, wanted, files, clients);
      listener.clients_max = static_cast<std::uint32_t>(std::min(wanted, clients));
    }
    if (config.listeners.size() > 1 && together > clients) {
      too_many("", together, files, clients);
    }
  }

  // Without a name: all listeners together.
  void too_many(const std::string& listener, std::uint64_t wanted, std::uint64_t files,
                std::uint64_t clients) {
    const std::string who = listener.empty() ? "all listeners together" : "listener " + listener;
    tell({.name = "clients_max_lowered", .listener = listener},
         fmt::format("{}: clients_max {} is more than the file limit ({}) allows: {}", who, wanted,
                     files, clients));
  }

  void too_few(std::uint64_t files, std::uint64_t clients, std::uint64_t servers) {
    tell({.name = "files_short"},
         fmt::format("the file limit ({}) leaves room for {} clients: {} files are kept for "
                     "connections to servers; raise the limit (LimitNOFILE=, ulimit -n) or lower "
                     "server_connections",
                     files, clients, servers));
  }

  void tell(const log::Event& event, std::string text) {
    std::string& told = told_[std::string(event.name) + std::string(event.listener)];
    if (told == text) return;
    log::write(log::Level::warning, text, event);
    told = std::move(text);
  }

  std::map<std::string, std::string> told_;
};

net::IoKind io_kind(config::IoKind kind) {
  switch (kind) {
    case config::IoKind::io_uring: return net::IoKind::io_uring;
    case config::IoKind::epoll: return net::IoKind::epoll;
    case config::IoKind::automatic: break;
  }
  return net::IoKind::automatic;
}

std::string io_remedy(config::IoKind kind) {
  return kind == config::IoKind::io_uring
             ? "write io = \"auto\", which takes epoll where there is no io_uring"
             : "raise the limits of open files and of locked memory; under systemd: LimitNOFILE= "
               "and LimitMEMLOCK=";
}

void say_hello(const config::Config& config, const WorkerThreads& threads, std::uint32_t workers) {
  log::tell(log::Level::info, {.name = "started"},
            "ringway {} started with {}: {} worker{} over {} ({})", RINGWAY_VERSION, config.file,
            workers, workers == 1 ? "" : "s", threads.io_name(), threads.io_reason());
  for (const config::Listener& listener : config.listeners) {
    for (const std::string& bind : listener.bind) {
      log::tell(log::Level::info, {.name = "listening", .listener = listener.name, .address = bind},
                "listening on {} for {}", bind, listener.route);
    }
  }
}

void begin_the_end(Signals& signals, reload::Control& control, int signal) {
  signals.expect_hurry();
  const std::string by = signal == SIGTERM ? "SIGTERM" : "SIGINT";
  log::tell(log::Level::info, {.name = "stopping", .cause = by}, "stopping: asked by {}", by);
  control.ask_stop();
}

// The log file first, whatever becomes of the reload: who rotates logs asks for no more.
void reopen_and_reload(reload::Control& control) {
  log::reopen();
  control.order_reload(false);
}

// Of each that nobody here waits for, once.
class UnusedSignals {
 public:
  void tell(int signal) {
    if (!told_.insert(signal).second) return;
    log::write(log::Level::warning, why_unused(signal), {.name = "signal_unused"});
  }

 private:
  std::set<int> told_;
};

std::string status_line(const reload::Control& control, const worker::Shared& shared) {
  return fmt::format("generation {}, {} clients", control.snapshot()->generation, shared.clients());
}

// Whatever changed since it was last asked.
class Announcer {
 public:
  Announcer(Systemd& systemd, const reload::Control& control, const worker::Shared& shared)
      : systemd_(systemd), control_(control), shared_(shared) {}

  void look(Instant now) {
    const bool stopping = !control_.ready();
    if (stopping && !std::exchange(stopping_, stopping)) systemd_.tell_stopping();
    if (stopping) return;
    const std::uint64_t begun = control_.reloads_begun();
    if (std::exchange(begun_, begun) != begun) {
      systemd_.tell_reloading(now);
      ready_ = false;
    }
    if (!ready_ && control_.names_known() && !control_.reloading()) {
      systemd_.tell_ready(status_line(control_, shared_));
      ready_ = true;
    }
  }

 private:
  Systemd& systemd_;
  const reload::Control& control_;
  const worker::Shared& shared_;
  std::uint64_t begun_ = 0;  // Reloads that were told of.
  bool ready_ = false;       // And that it is.
  bool stopping_ = false;
};

// Asks for a token that nobody needs nothing; of what keeps it from being read anew, once.
class TokenReader {
 public:
  TokenReader(admin::Token& token, bool needed) : token_(&token), needed_(needed) {}

  void operator()() {
    if (!needed_) return;
    const auto read = token_->read();
    std::string why = read ? "" : read.error();
    if (why == told_) return;
    told_ = std::move(why);
    if (told_.empty()) {
      log::tell(log::Level::info, {.name = "token_read"}, "the token is read again");
    } else {
      log::tell(log::Level::error, {.name = "token_stays", .cause = told_}, "the token stays: {}",
                told_);
    }
  }

 private:
  admin::Token* token_;
  bool needed_;
  std::string told_;
};

// Sockets that the process was given and that nobody listens on: clients wait there in vain.
class UnusedSockets {
 public:
  explicit UnusedSockets(const reload::SystemEnv& env) : env_(env) {}

  // Warns of those that were in use when it was last called.
  void look() {
    std::vector<std::string> unused = env_.unused_listeners();
    for (const std::string& address : unused) {
      if (std::ranges::count(unused_, address) > 0) continue;
      log::tell(log::Level::warning, {.name = "socket_unused", .address = address},
                "was given a socket on {}, and no listener is there", address);
    }
    unused_ = std::move(unused);
  }

 private:
  const reload::SystemEnv& env_;
  std::vector<std::string> unused_;
};

void wait_for_the_end(Signals& signals, reload::Control& control, reload::SystemEnv& env,
                      admin::Admin& admin, Systemd& systemd, Pulse& pulse, worker::Shared& shared) {
  Announcer announcer(systemd, control, shared);
  UnusedSockets unused(env);
  UnusedSignals unused_signals;
  std::uint64_t reloads = 0;
  while (!control.over()) {
    announcer.look(env.now());
    const std::uint64_t begun = control.reloads_begun();
    if (std::exchange(reloads, begun) != begun) admin.look_at_files();
    // A reload that is under way may have taken some that it gives back.
    if (control.ready() && !control.reloading()) unused.look();
    systemd.tell_rest(env.now());
    systemd.feed_watchdog(env.now(), shared);
    pulse.look(env.now());
    const Duration pause = std::min({control.next(), systemd.next(), pulse.next()}) - env.now();
    const int signal = signals.wait(std::max(pause, Duration::zero()));
    if (signal == SIGTERM || signal == SIGINT) begin_the_end(signals, control, signal);
    if (Signals::hurried()) control.ask_stop_now();
    if (signal == SIGUSR1) log::reopen();
    if (signal == SIGHUP) reopen_and_reload(control);
    if (signal != 0 && !is_used(signal)) unused_signals.tell(signal);
    control.step();
  }
  announcer.look(env.now());  // It may all have gone within one step.
}

}  // namespace

namespace {

using Load = std::function<config::Loaded(config::MainFile)>;

// Large blocks come from the kernel and go back to it when they are freed: the allocator
// would learn from the first one to keep them.
void give_back_large_blocks() {
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

// Not by a stream: while a pipe that nobody reads takes nothing, its lock would hold the end of the
// process, which flushes all streams.
void print(const config::Problems& problems) {
  for (const config::Problem& problem : problems) {
    const std::string line = text(problem) + "\n";
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }
}

std::string told_of(const admin::HttpFailure& why, const config::Config& config) {
  const std::size_t dot = std::min(why.key.find('.'), why.key.size());
  const std::string where =
      why.key.empty() ? ""
                      : fmt::format("[{}] {}: ", why.key.substr(0, dot), why.key.substr(dot + 1));
  return line(config::Problem{place_of(config, why.key), where + why.what, why.remedy});
}

// Warnings stand in the log, where they are found later; and before whoever started this, if
// the log is not there.
void tell(const config::Problems& problems, const config::Log& log) {
  // SIGTERM waits by now: whoever reads nothing of it must not keep the start.
  const bool elsewhere = !log.file.empty() || log.level > config::LogLevel::warning;
  if (elsewhere && !problems.empty()) within(threads_patience, [problems] { print(problems); });
  for (const config::Problem& problem : problems) {
    log::write(log::Level::warning, line(problem),
               {.name = "configuration_warning", .cause = problem.what});
  }
}

int run_loaded(config::Loaded loaded, const Load& load) {
  give_back_large_blocks();
  const std::uint32_t mode = file_mode();
  config::Config& config = *loaded.config;
  Systemd systemd;
  Signals signals;
  if (const auto started = log::start(config.log); !started) {
    loaded.problems.push_back({place_of(config, "log.file"), "[log] file: " + started.error(),
                               "name a file that ringway's user may write"});
    within(threads_patience, [problems = std::move(loaded.problems)] { print(problems); });
    std::_Exit(1);
  }
  tell(loaded.problems, config.log);

  net::IoSettings settings;
  settings.batch_window = config.router.batch_window;
  const std::uint32_t workers = config.router.workers > 0 ? config.router.workers : cpus_allowed();
  const config::MaybeBytes memory =
      config.router.memory_max_default ? memory_max_by_default() : config.router.memory_max;
  if (memory) settings.fit(*memory / workers);
  WorkerThreads threads(workers, io_kind(config.router.io), settings);
  if (const std::string why = threads.failure(); !why.empty()) {
    return give_up(line(config::Problem{place_of(config, "router.io"), "[router] io: " + why,
                                        io_remedy(config.router.io)}));
  }

  worker::Shared shared(threads.ios());
  MachineDefaults machine_defaults;
  admin::Token token(config.admin.token_file);
  // Whoever waits for the reload may use the new token then.
  reload::SystemEnv env({.load = [load] { return load(config::MainFile::regular); },
                         .settle = [&](config::Config& read) { machine_defaults.settle(read); },
                         .read_again = TokenReader(token, !config.admin.bind.empty()),
                         .wake = [&] { signals.wake(); },
                         .file_mode = mode});
  reload::Control control(std::move(config), shared, env, loaded.content);
  reload::SharedSnapshot first = control.snapshot();
  tell(reload::advice(*first), first->config.log);
  const config::Config& effective = first->config;
  Pulse pulse(shared);
  Status status(control, shared, pulse, threads.io_names());
  shared.registry.set_process(metrics::ProcessMetric::io_fallback, threads.fell_back() ? 1 : 0);
  admin::Admin admin(status, token,
                     {explain_route(control, shared), state_route(control), reload_route(control)});
  const admin::HttpLimits http{.connections_max = http_connections_max(raise_file_limit())};
  if (const auto ok = admin.start(effective.metrics, effective.admin, http); !ok) {
    return give_up(told_of(ok.error(), effective));
  }
  if (const auto ok = control.start(); !ok) return give_up(ok.error());
  threads.begin(shared);
  say_hello(effective, threads, workers);
  first.reset();
  wait_for_the_end(signals, control, env, admin, systemd, pulse, shared);
  signals.end_within(threads_patience + 2 * log::stop_patience);
  // The HTTP addresses before those whom their actions speak to.
  const bool home = !control.stuck() && within(threads_patience, [&] {
    admin.stop();
    threads.join();
  });
  if (!home) {
    log::write(log::Level::warning, "stopped, but for what stands still", {.name = "stop_stuck"});
  }
  log::tell(log::Level::info, {.name = "stopped"}, "stopped");
  // What hangs would be waited for otherwise, perhaps for ever.
  if (!log::stop() || !home || env.working()) std::_Exit(0);
  return 0;
}

// A pipe is read at the start and never again. SIGTERM ends whoever waits for one.
int run_from(const Load& load) {
  config::Loaded loaded = load(config::MainFile::any);
  if (loaded.config) return run_loaded(std::move(loaded), load);
  print(loaded.problems);
  return 1;
}

}  // namespace

int run(const std::string& file) {
  return run_from([file](config::MainFile kind) {
    const auto asker = kind == config::MainFile::any ? reload::Asker::start : reload::Asker::reload;
    return reload::judged(config::load_file(file, config::process_environment(), kind), asker);
  });
}

int run(const OneLine& line) {
  return run_from([text = as_toml(line)](config::MainFile) {
    return reload::judged(
        config::load_text(text, "the command line", config::process_environment()),
        reload::Asker::start);
  });
}

}  // namespace ringway::cli
