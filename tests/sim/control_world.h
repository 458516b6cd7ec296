// What the router's control sees of the simulated world: listeners opened there,
// and names that resolve after a while.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reload/world.h"
#include "sim/sim_io.h"

namespace ringway::sim {

class ControlWorld final : public reload::World, private Inhabitant {
 public:
  // `io` is worker 0's, to which listeners belong.
  ControlWorld(SimWorld& world, SimIo& io, Chance chance)
      : world_(world), io_(io), chance_(chance) {}
  ~ControlWorld() override { world_.forget(*this); }

  void name(const std::string& text, const net::Address& address) { names_[text] = address; }

  Instant now() override { return world_.now(); }
  Result<int> open_listener(const std::string& bind, const config::Listener& settings) override {
    return io_.listen(*net::Address::parse(bind), settings.backlog);
  }
  void close_listener(int fd) override { io_.close(fd); }

  std::uint64_t random() override { return chance_.next(); }
  void resolve(const std::string& text) override {
    asked_.push_back(text);
    world_.alarm(*this, world_.now() + Duration(chance_.below(20'000'000)), asked_.size() - 1);
  }
  std::vector<reload::Resolved> take_resolved() override { return std::exchange(ready_, {}); }

 private:
  void on_news(Fd /*fd*/, News /*news*/) override {}
  void on_alarm(std::uint64_t what) override {
    const std::string& text = asked_[what];
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
  std::map<std::string, net::Address> names_;
  std::vector<std::string> asked_;
  std::set<std::string> failed_;  // Whose last question got no answer.
  std::vector<reload::Resolved> ready_;
};

}  // namespace ringway::sim
