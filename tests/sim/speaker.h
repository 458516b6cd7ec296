// A client that a test speaks through: it says what it is told to say, as fast as it is read, and
// listens unless it is deaf.
#pragma once

#include <string>
#include <utility>

#include "sim/one_worker.h"

namespace ringway::sim {

class Speaker final : public Inhabitant {
 public:
  explicit Speaker(SimWorld& world) : world_(world), fd_(world.connect(*this, own_address)) {}
  ~Speaker() override { world_.forget(*this); }

  void say(const std::string& text) {
    output_ += text;
    flush();
  }
  bool said_all() const { return output_.empty(); }
  void listen() {
    deaf = false;
    hear();
  }
  void leave() { world_.close(std::exchange(fd_, -1)); }

  void on_news(Fd fd, News news) override {
    if (fd != fd_) return;
    if (news == News::writable) flush();
    if (news == News::readable && !deaf) hear();
  }

  bool deaf = false;
  std::string heard;

 private:
  void hear() {
    heard += world_.readable(fd_);
    world_.consume(fd_, world_.readable(fd_).size());
  }
  void flush() {
    const std::int64_t taken = world_.write(fd_, output_);
    if (taken > 0) output_.erase(0, static_cast<std::size_t>(taken));
  }

  SimWorld& world_;
  Fd fd_;
  std::string output_;
};

}  // namespace ringway::sim
