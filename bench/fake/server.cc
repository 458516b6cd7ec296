#include "bench/fake/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ringway::bench {
namespace {

constexpr std::size_t input_bytes = 512 * 1024;
constexpr std::size_t read_bytes_max = 256 * 1024;
constexpr std::size_t events_max = 256;

}  // namespace

FakeServer::FakeServer(const FakeSettings& settings)
    : settings_(settings), epoll_(epoll_create1(EPOLL_CLOEXEC)), input_(input_bytes, '\0') {}

FakeServer::~FakeServer() {
  for (std::size_t fd = 0; fd < clients_.size(); ++fd) {
    if (clients_[fd]) close(static_cast<int>(fd));
  }
  for (const int fd : listeners_) close(fd);
  close(epoll_);
}

void FakeServer::add_listener(int fd) {
  listeners_.push_back(fd);
  watch(fd, EPOLLIN, EPOLL_CTL_ADD);
}

void FakeServer::run(const volatile bool& stop) {
  std::array<epoll_event, events_max> events;
  while (!stop) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (std::find(listeners_.begin(), listeners_.end(), fd) != listeners_.end()) {
        accept_all(fd);
        continue;
      }
      Client& client = *clients_[static_cast<std::size_t>(fd)];
      if (client.unsent.empty()) {
        on_readable(fd, client);
      } else {
        on_writable(fd, client);
      }
    }
  }
}

std::uint64_t FakeServer::answered() const {
  std::uint64_t sum = answered_by_gone_;
  for (const auto& client : clients_) sum += client ? client->session.answered() : 0;
  return sum;
}

void FakeServer::watch(int fd, std::uint32_t events, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  (void)epoll_ctl(epoll_, operation, fd, &event);
}

void FakeServer::accept_all(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // Refused by unix sockets.
    const auto index = static_cast<std::size_t>(fd);
    if (clients_.size() <= index) clients_.resize(index + 1);
    clients_[index] = std::make_unique<Client>(settings_);
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void FakeServer::on_readable(int fd, Client& client) {
  // The unfinished line goes in front, so that the session sees it whole.
  const std::size_t carried = client.carry.size();
  if (input_.size() < carried + read_bytes_max) input_.resize(carried + read_bytes_max);
  client.carry.copy(input_.data(), carried);
  const ssize_t got = recv(fd, input_.data() + carried, read_bytes_max, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return drop(fd);

  const std::string_view input(input_.data(), carried + static_cast<std::size_t>(got));
  output_.clear();
  const std::size_t used = client.session.consume(input, output_);
  client.carry.assign(input.substr(used));
  send_replies(fd, client);
}

void FakeServer::send_replies(int fd, Client& client) {
  std::size_t sent = 0;
  if (!output_.empty()) {
    const ssize_t count = send(fd, output_.data(), output_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return drop(fd);
    sent = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  if (sent < output_.size()) {
    client.unsent.assign(output_, sent);
    return watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
  }
  if (client.session.closing()) drop(fd);
}

void FakeServer::on_writable(int fd, Client& client) {
  const ssize_t count = send(fd, client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) return drop(fd);
  if (count > 0) client.unsent.erase(0, static_cast<std::size_t>(count));
  if (!client.unsent.empty()) return;
  if (client.session.closing()) return drop(fd);
  watch(fd, EPOLLIN, EPOLL_CTL_MOD);
}

void FakeServer::drop(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  answered_by_gone_ += clients_[index]->session.answered();
  clients_[index].reset();
  close(fd);
}

}  // namespace ringway::bench
