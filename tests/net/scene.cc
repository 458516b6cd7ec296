// See scene.h.
#include "net/scene.h"

#include <cerrno>
#include <doctest/doctest.h>

namespace ringway::net::testing {

Scene::Scene(const IoSettings& settings) : world_(open_io_world(settings)) {}

Scene::~Scene() {
  for (const auto& [fd, operations] : open_) {
    if (operations > 0) io().cancel(fd);
  }
  CHECK(until([&] {
    for (const auto& [number, story] : stories_) {
      if (!story.over) return false;
    }
    return true;
  }));
  for (const auto& [fd, operations] : open_) {
    if (!listeners_.contains(fd) && operations == 0) io().close(fd);
  }
}

Token Scene::token_of(Number number, Op op) const {
  return {.op = op, .generation = static_cast<std::uint16_t>(number * 7), .index = number};
}

Scene::Number Scene::start(int fd) {
  const Number number = next_++;
  stories_[number].fd = fd;
  if (fd >= 0) ++open_[fd];
  return number;
}

Scene::Number Scene::accept(int listener, Accepts accepts) {
  const Number number = start(listener);
  listeners_[listener].fd = listener;
  io().accept(token_of(number, Op::accept), listener, accepts);
  if (accepts == Accepts::one) single_accepts_.insert(number);
  return number;
}

Scene::Number Scene::connect(const Address& address) {
  const Number number = start(-1);
  const int fd = io().connect(token_of(number, Op::server_connect), address, {});
  REQUIRE(fd >= 0);
  stories_[number].fd = fd;
  ++open_[fd];
  return number;
}

Scene::Number Scene::recv(int fd, Buffers buffers) {
  const Number number = start(fd);
  io().recv(token_of(number, Op::client_recv), fd, buffers);
  return number;
}

Scene::Number Scene::send(int fd, Bytes bytes) {
  return send(fd, std::span(&bytes, 1));
}

Scene::Number Scene::send(int fd, std::span<const Bytes> parts) {
  const Number number = start(fd);
  io().send(token_of(number, Op::client_send), fd, parts);
  return number;
}

void Scene::close(int fd) {
  REQUIRE(open_[fd] == 0);
  io().close(fd);
  open_.erase(fd);
}

std::size_t Scene::turn(Duration longest) {
  const auto completions = io().wait(io().now() + longest, {});
  CHECK(completions.size() <= Io::completions_max);
  for (const Completion& completion : completions) note(completion);
  return completions.size();
}

void Scene::note(const Completion& completion) {
  const Number number = completion.token.index;
  REQUIRE(stories_.contains(number));
  CHECK(completion.token == token_of(number, completion.token.op));
  Story& story = stories_[number];
  REQUIRE_FALSE(story.over);
  if (!completion.bytes.empty()) {
    CHECK(completion.token.op == Op::client_recv);
    CHECK(completion.bytes.size() == static_cast<std::size_t>(completion.result));
    CHECK_FALSE(completion.last);
    story.bytes += completion.bytes;
  }
  if (completion.token.op == Op::accept && completion.result >= 0) {
    CHECK(completion.last == single_accepts_.contains(number));
    story.accepted.push_back(completion.result);
    open_[completion.result] = 0;
  }
  if (!completion.last) return;
  story.over = true;
  story.result = completion.result;
  --open_[story.fd];
}

void Scene::pass(Duration time) {
  const Instant end = io().now() + time;
  while (io().now() < end) turn(end - io().now());
}

Connection Scene::accepted(Transport transport) {
  const Listener listener = world().listen(transport);
  const Number number = accept(listener.fd);
  const PeerId peer = world().connect_peer(listener.address);
  REQUIRE(until([&] { return !story(number).accepted.empty(); }));
  return {.fd = story(number).accepted.front(), .peer = peer};
}

Connection Scene::connected(Transport transport) {
  const Address address = world().peer_listen(transport);
  const Number number = connect(address);
  REQUIRE(over(number));
  REQUIRE(story(number).result == 0);
  std::optional<PeerId> peer;
  REQUIRE(until([&] { return (peer = world().peer_accept(address)).has_value(); }));
  return {.fd = story(number).fd, .peer = *peer};
}

void Scene::peer_says(PeerId peer, Bytes bytes) {
  REQUIRE(until([&] {
    bytes.remove_prefix(world().peer_write(peer, bytes));
    return bytes.empty();
  }));
}

std::string Scene::peer_hears(PeerId peer, std::size_t bytes) {
  std::string heard;
  CHECK(until([&] {
    heard += world().peer_read(peer, bytes - heard.size());
    return heard.size() >= bytes;
  }));
  return heard;
}

Scene::Number Scene::blocked_send(const Connection& connection) {
  if (bulk_.empty()) bulk_ = pattern(32 * 1024 * 1024);
  const Number number = send(connection.fd, bulk_);
  pass(20ms);
  REQUIRE_FALSE(story(number).over);
  return number;
}

std::string pattern(std::size_t bytes, std::size_t from) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t at = from + i;
    text[i] = static_cast<char>((at * 131 + (at >> 8) * 17 + (at >> 16)) & 0xff);
  }
  return text;
}

}  // namespace ringway::net::testing
