// Whose time is up at the same moment, each in its place in the line.
#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

// Answers at once; of one key it says the first half of a large value, and no more.
class HalfServer final : public Inhabitant {
 public:
  HalfServer(SimWorld& world, const net::Address& address) : world_(world) {
    listener_ = world_.listen(*this, address, 16);
  }
  ~HalfServer() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      world_.accept(listener_, *this);
    } else if (news == News::readable) {
      input_ += world_.readable(fd);
      world_.consume(fd, world_.readable(fd).size());
      for (std::size_t end; (end = input_.find("\r\n")) != std::string::npos;
           input_.erase(0, end + 2)) {
        const std::string line = input_.substr(0, end);
        if (line != "version") asked.push_back(line);
        world_.write(fd, line == "version" ? "VERSION 1\r\n"
                         : line == "get " + large
                             ? "VALUE " + large + " 0 200000\r\n" + std::string(100'000, 'v')
                             : "END\r\n");
      }
    }
  }

  std::string large;
  std::vector<std::string> asked;

 private:
  SimWorld& world_;
  Fd listener_ = -1;
  std::string input_;
};

TEST_CASE("a large value that expires before it could stream costs its client no connection") {
  OneWorker test(1us);
  LanedServer silent(test.world, *net::Address::parse("10.0.0.8:11211"));
  HalfServer half(test.world, *net::Address::parse("10.0.0.9:11211"));
  test.adopt_all("timeout = \"500ms\"\neject.failures = 1000\n",
                 {"10.0.0.8:11211", "10.0.0.9:11211"});
  Speaker speaker(test.world);
  test.take_clients();
  for (int i = 0; silent.done.empty() || half.asked.empty(); ++i) {
    speaker.say("get k" + std::to_string(i) + "\r\n");
    test.run_for(10ms);
  }
  half.large = half.asked.front().substr(4);
  silent.pace(0, std::chrono::hours(1));
  speaker.heard.clear();
  speaker.say(silent.done.front() + "\r\nnothing of ours\r\nget " + half.large + "\r\n");
  test.run_for(600ms);
  const std::string late = " timed out after 500ms\r\n";
  const std::size_t first = speaker.heard.find(late);
  const std::size_t other = speaker.heard.find("ERROR\r\n");
  CHECK(first < other);
  CHECK(other < speaker.heard.rfind(late));
  CHECK(speaker.heard.ends_with(late));
  CHECK(speaker.heard.find("VALUE") == std::string::npos);
  CHECK(test.worker->clients().size() == 1);
}

}  // namespace
}  // namespace ringway::sim
