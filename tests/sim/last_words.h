// A client that writes without wanting replies until the very end: what it was rid of
// before the router was told to stop has to be done.
#pragma once

#include <string>

#include "sim/sim_world.h"

namespace ringway::sim {

class LastWords final : private Inhabitant {
 public:
  LastWords(SimWorld& world, const net::Address& address)
      : world_(world), fd_(world.connect(*this, address)) {}
  ~LastWords() override {
    if (world_.is_open(fd_)) world_.close(fd_);
    world_.forget(*this);
  }

  bool connected() const { return world_.connected(fd_); }

  // As often as it may and as there is room for; returns how often.
  std::uint64_t say(const std::string& line, std::uint64_t most) {
    std::uint64_t said = 0;
    while (said < most && world_.room(fd_) >= line.size()) {
      world_.write(fd_, line);
      ++said;
    }
    return said;
  }

 private:
  void on_news(Fd /*fd*/, News news) override {
    if (news == News::readable && world_.ended(fd_)) world_.close(fd_);
  }

  SimWorld& world_;
  const Fd fd_;
};

}  // namespace ringway::sim
