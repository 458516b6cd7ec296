// A small memcached whose connections are served each at a pace of its own: one may lag behind
// the others. And a client that says what it is told to say.
#pragma once

#include <charconv>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "sim/one_worker.h"
#include "sim/speaker.h"

namespace ringway::sim {

// Carries out one request of a connection after another, each after the pace of the connection.
class LanedServer final : public Inhabitant {
 public:
  LanedServer(SimWorld& world, const net::Address& address) : world_(world) {
    listener_ = world_.listen(*this, address, 16);
  }
  ~LanedServer() override { world_.forget(*this); }

  std::map<std::string, std::string> values;
  std::vector<std::string> done;  // Requests in the order carried out, without greetings.
  bool refuses_sets = false;
  bool unable = false;             // A ringway that reaches none of its servers.
  Duration pace_of_new_ones{1us};  // Of connections that are accepted from now on.

  // Of the connection that was accepted as this one, from the next request on.
  void pace(std::size_t number, Duration pace) { lanes_.at(number).pace = pace; }
  std::size_t connections() const { return lanes_.size(); }
  // What comes on this connection is not read any more.
  void ignore(std::size_t number) { lanes_.at(number).ignored = true; }
  void lose(std::size_t number) {
    Lane& lane = lanes_.at(number);
    world_.close(lane.fd);
    lane.fd = -1;
    lane.requests.clear();
  }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      lanes_.emplace_back().fd = world_.accept(listener_, *this);
      lanes_.back().pace = pace_of_new_ones;
    } else if (news == News::readable) {
      for (std::size_t i = 0; i < lanes_.size(); ++i) {
        if (lanes_[i].fd == fd && !lanes_[i].ignored) take(i);
      }
    }
  }

  void on_alarm(std::uint64_t number) override {
    Lane& lane = lanes_[number];
    lane.busy = false;
    if (lane.requests.empty()) return;
    const auto [line, value] = lane.requests.front();
    lane.requests.pop_front();
    world_.write(lane.fd, carry_out(line, value));
    work(number);
  }

 private:
  struct Lane {
    Fd fd = -1;
    Duration pace = 1us;
    std::string input{};
    bool busy = false;
    bool ignored = false;
    std::deque<std::pair<std::string, std::string>> requests{};  // Line and value.
  };

  void take(std::size_t number) {
    Lane& lane = lanes_[number];
    lane.input += world_.readable(lane.fd);
    world_.consume(lane.fd, world_.readable(lane.fd).size());
    for (std::size_t end; (end = lane.input.find("\r\n")) != std::string::npos;) {
      const std::string line = lane.input.substr(0, end);
      std::size_t bytes = 0;
      if (line.starts_with("set ") || line.starts_with("add ")) {
        const std::string size = line.substr(line.rfind(' ') + 1);
        std::from_chars(size.data(), size.data() + size.size(), bytes);
        if (lane.input.size() < end + 2 + bytes + 2) break;
        lane.requests.emplace_back(line, lane.input.substr(end + 2, bytes));
        bytes += 2;
      } else {
        lane.requests.emplace_back(line, "");
      }
      lane.input.erase(0, end + 2 + bytes);
    }
    work(number);
  }

  void work(std::size_t number) {
    Lane& lane = lanes_[number];
    if (lane.busy || lane.requests.empty()) return;
    lane.busy = true;
    const bool greets = lane.requests.front().first == "version";
    world_.alarm(*this, world_.now() + (greets ? Duration(1) : lane.pace), number);
  }

  std::string carry_out(const std::string& line, const std::string& value) {
    if (line == "version") return "VERSION 1\r\n";
    done.push_back(line + (value.empty() ? "" : " " + value));
    if (unable) return "SERVER_ERROR ringway: server a of pool b is ejected\r\n";
    const std::size_t space = line.find(' ');
    const std::string command = line.substr(0, space);
    const std::string key = line.substr(space + 1, line.find(' ', space + 1) - space - 1);
    const auto found = values.find(key);
    if (command == "get") {
      if (found == values.end()) return "END\r\n";
      return "VALUE " + key + " 0 " + std::to_string(found->second.size()) + "\r\n" +
             found->second + "\r\nEND\r\n";
    }
    if (command == "mg") {
      if (found == values.end()) return "EN\r\n";
      if (!line.ends_with(" v")) return "HD\r\n";
      return "VA " + std::to_string(found->second.size()) + "\r\n" + found->second + "\r\n";
    }
    if (command == "set" && refuses_sets) return "SERVER_ERROR out of memory\r\n";
    if (command == "add" && found != values.end()) return "NOT_STORED\r\n";
    if (command == "set" || command == "add") {
      values[key] = value;
      return "STORED\r\n";
    }
    if (command == "delete") return values.erase(key) > 0 ? "DELETED\r\n" : "NOT_FOUND\r\n";
    if (command == "md") {
      if (line.ends_with(" I")) return found == values.end() ? "NF\r\n" : "HD\r\n";
      return values.erase(key) > 0 ? "HD\r\n" : "NF\r\n";
    }
    return "OK\r\n";
  }

  SimWorld& world_;
  Fd listener_ = -1;
  std::vector<Lane> lanes_;
};

inline std::string set(const std::string& key, const std::string& value) {
  return "set " + key + " 0 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}
inline std::string silent_set(const std::string& key, const std::string& value) {
  return "set " + key + " 0 0 " + std::to_string(value.size()) + " noreply\r\n" + value + "\r\n";
}

inline const net::Address laned_address = *net::Address::parse("10.0.0.9:11211");
inline constexpr Duration lane_timeout = 500ms;

// Two connections to one server, a client on each. The second is slow, but never silent.
struct TwoLanes : OneWorker {
  explicit TwoLanes(const std::string& more = "", const std::string& lanes = "2")
      : OneWorker(1us),
        pool("timeout = \"500ms\"\neject.failures = 1000\nserver_connections = " + lanes + "\n" +
             more),
        laned(world, laned_address) {
    adopt(pool, "10.0.0.9:11211");
    for (int i = 0; i < 2; ++i) {
      speakers.push_back(std::make_unique<Speaker>(world));
      let_in();
      // Opens the connection of its lane.
      speakers[i]->say("get warm\r\n");
      run_for(10ms);
      REQUIRE(speakers[i]->heard == "END\r\n");
      speakers[i]->heard.clear();
    }
    laned.done.clear();
  }
  void let_in() {
    while (world.next_event() < world.now() + 5ms) world.run_next_event();
    for (const int fd : io.accept_waiting(listener)) shared.post_all(worker::TakeClient{fd, 0});
    run_for(1ms);
  }
  // So many reads, each answered after `each`, stand before what the slow client says next.
  void busy(int reads, Duration each) {
    laned.pace(laned.connections() - 1, each);
    for (int i = 0; i < reads; ++i) slow().say("get before\r\n");
    run_for(1ms);
  }
  Speaker& quick() { return *speakers[0]; }
  Speaker& slow() { return *speakers[1]; }
  bool has(const std::string& key) const { return laned.values.contains(key); }
  std::uint64_t counted(metrics::ServerMetric metric) {
    return worker->servers().counters(server_id())[metric].value();
  }

  std::string pool;
  LanedServer laned;
  std::vector<std::unique_ptr<Speaker>> speakers;
};

}  // namespace ringway::sim
