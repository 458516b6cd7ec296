// Reads of several keys of which one server answers with something else.
#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

// Has every key; but one time it answers with the value of another one.
class Liar final : public Inhabitant {
 public:
  Liar(SimWorld& world, const net::Address& address) : world_(world) {
    listener_ = world_.listen(*this, address, 16);
  }
  ~Liar() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      world_.accept(listener_, *this);
      ++connections;
    } else if (news == News::readable) {
      input_ += world_.readable(fd);
      world_.consume(fd, world_.readable(fd).size());
      for (std::size_t end; (end = input_.find("\r\n")) != std::string::npos;
           input_.erase(0, end + 2))
        world_.write(fd, reply(input_.substr(0, end)));
    }
  }
  std::size_t connections = 0;
  bool lies = false;

 private:
  std::string reply(const std::string& line) {
    if (line == "version") return "VERSION 1\r\n";
    if (std::exchange(lies, false)) return "VALUE other 0 1\r\no\r\nEND\r\n";
    std::string text;
    for (const char key : line.substr(4)) {
      if (key != ' ') text += std::string("VALUE ") + key + " 0 1\r\n" + key + "\r\n";
    }
    return text + "END\r\n";
  }

  SimWorld& world_;
  Fd listener_ = -1;
  std::string input_;
};

TEST_CASE("keys that were asked of whoever answers with another key are asked again, not missed") {
  OneWorker test(1us);
  Liar liar(test.world, laned_address);
  test.adopt("timeout = \"500ms\"\neject.failures = 1000\nread_retries = 1\n", "10.0.0.9:11211");
  Speaker speaker(test.world);
  test.take_clients();
  speaker.say("get a\r\n");
  test.run_for(10ms);
  REQUIRE(speaker.heard == "VALUE a 0 1\r\na\r\nEND\r\n");
  speaker.heard.clear();
  liar.lies = true;
  speaker.say("get a b c\r\n");
  test.run_for(300ms);
  CHECK(liar.connections == 2);
  CHECK(speaker.heard == "VALUE a 0 1\r\na\r\nVALUE b 0 1\r\nb\r\nVALUE c 0 1\r\nc\r\nEND\r\n");
}

}  // namespace
}  // namespace ringway::sim
