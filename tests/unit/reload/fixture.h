// Control's surroundings without any: a world whose clock and name servers a test moves by
// hand, an Io that is only ever woken, and snapshots from a few lines of TOML.
#pragma once

#include <doctest/doctest.h>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "ringway/config/load.h"
#include "ringway/snapshot/snapshot.h"

#include "../asleep_io.h"
#include "log/log.h"
#include "reload/control_env.h"
#include "worker/shared.h"

namespace ringway::reload {

class FakeWorld final : public ControlEnv {
 public:
  Instant now() override { return now_; }
  void pass(Duration time) {
    now_ += time;
    log::pass_time(now_);
  }
  Duration since_1970() override { return now_.time_since_epoch(); }
  Result<void> begin(std::function<void()> work) override {
    if (!threads) return failure("cannot start a thread: there is none");
    work_ = std::move(work);
    if (!hangs) finish();
    return {};
  }
  void finish() { std::exchange(work_, nullptr)(); }
  bool working() override { return work_ != nullptr; }
  config::Loaded load() override {
    if (!memory) throw std::bad_alloc();
    return written;
  }
  void read_again() override { ++read_again_count; }
  std::uint64_t random() override { return chance; }
  Opening open_listener(const std::string&, const config::Listener&) override {
    if (!addresses)
      return std::unexpected(net::NoSocket{"another program listens there", "end it"});
    return 3;
  }
  void close_listener(int) override {}
  void resolve(const std::string& name) override { asked.push_back(name); }
  std::vector<Resolved> take_resolved() override { return std::exchange(answers, {}); }

  std::vector<std::string> asked;  // Questions, each until somebody takes it.
  std::vector<Resolved> answers;
  int read_again_count = 0;
  std::uint64_t chance = 1000;  // As it is drawn: no jitter.
  config::Loaded written;       // What the file says now.
  bool threads = true;          // False: no more can be started.
  bool memory = true;           // False: loading throws.
  bool addresses = true;        // False: all are taken.
  bool hangs = false;           // Work that is begun is done when finish() is called.

 private:
  Instant now_{std::chrono::hours(100)};
  std::function<void()> work_;
};

// One pool "web" and what control shares with a worker.
struct Surroundings {
  Surroundings() {
    log::set_sink([this](log::Level, std::string_view line) { lines.emplace_back(line); });
  }
  ~Surroundings() { log::set_sink({}); }

  std::unique_ptr<snapshot::Snapshot> snapshot(const std::string& servers,
                                               const std::string& more = "") {
    const std::string toml = "[listener.l]\nbind = \"127.0.0.1:1\"\nroute = \"web\"\n[pool.web]\n" +
                             ("servers = " + servers) + "\n" + more;
    auto loaded = config::load_text(toml, "a", [](std::string_view) { return std::nullopt; });
    REQUIRE(loaded.config);
    return snapshot::build(
        std::move(*loaded.config), 1,
        {[this](const pool::ServerIdentity& identity) { return shared.board.id_of(identity); },
         [](const std::string&) { return snapshot::ListenerId{0}; }});
  }
  pool::ServerId server(const std::string& address, const std::string& pool = "web") {
    return shared.board.id_of({pool, address, ""});
  }
  std::string address(const std::string& of) { return shared.board.address(server(of)).text(); }
  // How many letters of this kind about this server were posted since it was last asked.
  template <typename Kind>
  int letters(pool::ServerId about) {
    int count = 0;
    for (const worker::Letter& letter : shared.mailboxes[0]->take()) {
      const Kind* kind = std::get_if<Kind>(&letter);
      if (kind && kind->server == about) ++count;
    }
    return count;
  }

  testing::AsleepIo io;
  worker::Shared shared{{&io}};
  FakeWorld world;
  std::vector<std::string> lines;  // Of the log.
};

}  // namespace ringway::reload
