// What the router's control sees of the simulated world: configurations that somebody
// wrote, listeners opened there, names that resolve after a while, and work that is done
// at once but known to be done later.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reload/control_env.h"
#include "sim/sim_io.h"

namespace ringway::sim {

class SimControlEnv final : public reload::ControlEnv, private Inhabitant {
 public:
  // `io` is worker 0's, to which listeners belong.
  SimControlEnv(SimWorld& world, SimIo& io, Chance chance)
      : world_(world), io_(io), chance_(chance) {}
  ~SimControlEnv() override { world_.forget(*this); }

  void name(const std::string& text, const net::Address& address) { names_[text] = address; }
  // From now on there is no such name, until it is found again.
  void lose_name(const std::string& text) { lost_.insert(text); }
  void find_name(const std::string& text) { lost_.erase(text); }
  void find_all_names() { lost_.clear(); }
  // What the next reload will read: a configuration, or something that is wrong.
  void write(config::Loaded loaded) { written_ = std::move(loaded); }

  Instant now() override { return world_.now(); }
  Duration since_1970() override { return world_.now().time_since_epoch(); }

  Result<void> begin(std::function<void()> work) override {
    working_ = true;
    work_ = std::move(work);
    world_.alarm(*this, world_.now() + Duration(chance_.below(5'000'000)), work_alarm);
    return {};
  }
  bool working() override { return working_; }
  void wake() override { woken_ = true; }
  // Somebody has asked control to look again.
  bool woken() const { return woken_; }
  void heed() { woken_ = false; }
  config::Loaded load() override { return written_; }

  Opening open_listener(const std::string& bind, const config::Listener& settings) override {
    return io_.listen(*net::Address::parse(bind), settings.backlog);
  }
  std::vector<int> accept_waiting(int fd) override { return io_.accept_waiting(fd); }
  void close_listener(int fd) override { io_.close(fd); }
  void abandon_listener(int fd) override { abandoned_.push_back(fd); }
  // The process is gone, and so is what it left open.
  void close_abandoned() {
    for (const int fd : std::exchange(abandoned_, {})) io_.close(fd);
  }

  std::uint64_t random() override { return chance_.next(); }
  void resolve(const std::string& text) override {
    asked_.push_back(text);
    world_.alarm(*this, world_.now() + Duration(chance_.below(20'000'000)), asked_.size() - 1);
  }
  std::vector<reload::Resolved> take_resolved() override { return std::exchange(ready_, {}); }

 private:
  static constexpr std::uint64_t work_alarm = ~std::uint64_t{0};

  void on_news(Fd /*fd*/, News /*news*/) override {}
  void on_alarm(std::uint64_t what) override {
    if (what == work_alarm) {
      std::exchange(work_, nullptr)();
      working_ = false;
      return;
    }
    const std::string& text = asked_[what];
    if (lost_.contains(text)) {
      ready_.push_back(
          {text, {.addresses = {}, .missing = true, .why = "does not resolve: no such name"}});
      return;
    }
    // Never twice in a row: the model excuses ten seconds, and questions become rarer.
    if (chance_.one_in(8) && failed_.insert(text).second)
      ready_.push_back({text, {.addresses = {}, .why = "does not resolve: no answer"}});
    else
      answer(text);
  }

  void answer(const std::string& text) {
    failed_.erase(text);
    ready_.push_back({text, {.addresses = {names_.at(text)}}});
  }

  SimWorld& world_;
  SimIo& io_;
  Chance chance_;
  config::Loaded written_;
  bool working_ = false;
  bool woken_ = false;
  std::function<void()> work_;
  std::map<std::string, net::Address> names_;
  std::vector<std::string> asked_;
  std::set<std::string> failed_;  // Whose last question got no answer.
  std::set<std::string> lost_;
  std::vector<reload::Resolved> ready_;
  std::vector<int> abandoned_;
};

}  // namespace ringway::sim
