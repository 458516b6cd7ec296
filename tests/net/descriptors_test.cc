// Every Io on real sockets: what happens when the process has no descriptor left.
#include <cerrno>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/scene.h"

namespace ringway::net::testing {

// Lowers the limit to the descriptors that are open now.
struct NoMoreDescriptors {
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

TEST_CASE_FIXTURE(Scene, "without descriptors an accept ends and can be asked again later") {
  const Listener listener = world().listen(Transport::tcp4);
  world().connect_peer(listener.address);
  {
    const NoMoreDescriptors none;  // The kernel looks at the limit when an accept begins.
    const Number first = accept(listener.fd);
    REQUIRE(over(first));
    CHECK(story(first).result == -EMFILE);
  }
  const Number second = accept(listener.fd);
  CHECK(until([&] { return story(second).accepted.size() == 1; }));
}

TEST_CASE_FIXTURE(Scene, "without descriptors a connect says so at once") {
  const Address address = world().peer_listen(Transport::tcp4);
  const NoMoreDescriptors none;
  CHECK(io().connect(Token{.op = Op::server_connect}, address, {}) == -EMFILE);
}

}  // namespace ringway::net::testing
