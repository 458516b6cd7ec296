// A server that answers each line at once, greetings apart, by what a test says; it has no values.
#pragma once

#include <functional>
#include <string>

#include "sim/one_worker.h"

namespace ringway::sim {

class LineServer final : public Inhabitant {
 public:
  LineServer(SimWorld& world, const net::Address& address,
             std::function<std::string(const std::string& line)> reply)
      : world_(world), reply_(std::move(reply)) {
    listener_ = world_.listen(*this, address, 16);
  }
  ~LineServer() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      world_.accept(listener_, *this);
      ++connections;
    } else if (news == News::readable) {
      input_ += world_.readable(fd);
      world_.consume(fd, world_.readable(fd).size());
      for (std::size_t end; (end = input_.find("\r\n")) != std::string::npos;
           input_.erase(0, end + 2)) {
        const std::string line = input_.substr(0, end);
        world_.write(fd, line == "version" ? "VERSION 1\r\n" : reply_(line));
      }
    }
  }
  std::size_t connections = 0;

 private:
  SimWorld& world_;
  std::function<std::string(const std::string& line)> reply_;
  Fd listener_ = -1;
  std::string input_;
};

}  // namespace ringway::sim
