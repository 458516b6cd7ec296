// See http_server.h. The loop accepts, lets libmicrohttpd work, and rests: so many
// questions are answered in few rounds, and a probe waits for one round at most.
#include "admin/http_server.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "ringway/base/assert.h"

#include "admin/http_connections.h"
#include "admin/http_maker.h"
#include "admin/http_thread.h"
#include "log/log.h"
#include "net/address.h"
#include "net/listener_socket.h"
#include "net/listener_socket_group.h"

namespace ringway::admin {
namespace {

constexpr int backlog = 256;
constexpr int accepts_max = 64;                // A round.
constexpr int send_buffer_bytes = 128 * 1024;  // So no large answer takes a round for itself.
constexpr Duration accept_pause = std::chrono::milliseconds(100);  // After one that failed.
constexpr Duration rest_max = std::chrono::milliseconds(10);
constexpr Duration stop_time_max = std::chrono::milliseconds(500);

// What it takes to open a door, and to open it anew.
struct DoorPlan {
  std::string site;
  std::string bind;
  mode_t mode;
  std::string group;
};

struct Door {
  int fd = -1;
  HttpConnections* behind = nullptr;
  DoorPlan plan;
  bool has_file = false;
  std::string trouble = {};  // Why it could not be made anew, as it was told.
  bool crowded = false;      // Somebody waits, and there is no room.
};

bool somebody_waits(int fd) {
  pollfd door{fd, POLLIN, 0};
  return ::poll(&door, 1, 0) > 0;
}

// Whoever connects and says nothing (browsers do, ahead of time) waits in the kernel.
// Neither can be set on unix sockets, harmlessly.
void set_door_options(int fd) {
  const auto seconds =
      static_cast<int>(HttpConnections::request_time_max / std::chrono::seconds(1));
  ::setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
}

std::unexpected<HttpFailure> failed(const std::string& key, const net::NoSocket& why) {
  return std::unexpected(HttpFailure{key, why.what, why.remedy});
}

std::unexpected<HttpFailure> no_file_left(const std::string& key) {
  return std::unexpected(HttpFailure{key, "cannot start an HTTP server: no file is left to open",
                                     "raise the limit of open files; under systemd: LimitNOFILE="});
}

std::expected<int, HttpFailure> open_door(const DoorPlan& plan) {
  const auto opened = net::open_listener(plan.bind, backlog, plan.mode);
  if (!opened) return failed(plan.site + ".bind", opened.error());
  const auto given = net::give_to_group(*net::Address::parse(plan.bind), plan.group);
  if (!given) {
    net::close_listener(*opened);
    return failed(plan.site + ".group", given.error());
  }
  set_door_options(*opened);
  return *opened;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(fd, address, &length) != 0) return 0;
  return net::Address::from(address, length).port();
}

}  // namespace

struct HttpServer::State {
  explicit State(const HttpLimits& limits)
      : maker([this] { wake(); }, limits.action_time_max),
        wake_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~State() {
    close_doors();
    if (wake_event >= 0) ::close(wake_event);
  }

  using Opening = std::expected<void, HttpFailure>;
  Opening open(HttpSite site, std::size_t connections_max);
  void wake() const;
  void run();
  void wait();
  Instant look_at() const;
  void look_for_lost();
  void make_anew(Door& door);
  void accept_all();
  void accept_some(Door& door);
  void turn();
  void make_room();
  void end();
  void close_doors();

  HttpMaker maker;
  const int wake_event;
  std::vector<std::unique_ptr<HttpConnections>> sites;
  std::vector<std::uint16_t> ports;  // By site.
  std::vector<Door> doors;
  Instant accept_again{};
  Instant looked{};
  std::atomic<bool> look_now = false;
  std::atomic<bool> stopping = false;
  std::thread loop;
};

HttpServer::HttpServer(HttpLimits limits) : limits_(limits) {}

HttpServer::~HttpServer() {
  stop();
}

std::expected<void, HttpFailure> HttpServer::start(std::vector<HttpSite> sites) {
  RINGWAY_ASSERT(!state_);
  auto state = std::make_unique<State>(limits_);
  if (state->wake_event < 0) return no_file_left("");
  const std::size_t share = limits_.connections_max / std::max<std::size_t>(sites.size(), 1);
  for (HttpSite& site : sites) {
    if (auto opened = state->open(std::move(site), std::max<std::size_t>(share, 1)); !opened) {
      return opened;
    }
  }
  state_ = std::move(state);
  if (state_->doors.empty()) return {};
  state_->maker.start();
  state_->loop = std::thread([own = state_.get()] { own->run(); });
  return {};
}

void HttpServer::stop() {
  if (!state_) return;
  if (state_->loop.joinable()) {
    RINGWAY_ASSERT(state_->loop.get_id() != std::this_thread::get_id());
    state_->stopping = true;
    state_->wake();
    state_->loop.join();
  }
  state_.reset();
}

void HttpServer::look_at_files() {
  if (!state_) return;
  state_->look_now = true;
  state_->wake();
}

std::uint16_t HttpServer::port(std::size_t site) const {
  return state_ && site < state_->ports.size() ? state_->ports[site] : std::uint16_t{0};
}

HttpServer::State::Opening HttpServer::State::open(HttpSite site, std::size_t connections_max) {
  HttpRoutes routes(std::move(site.routes), std::move(site.guard));
  auto& own = *sites.emplace_back(
      std::make_unique<HttpConnections>(std::move(routes), maker, connections_max, site.reuse));
  ports.push_back(0);
  for (const std::string& bind : site.bind) {
    DoorPlan plan{site.name, bind, site.mode, site.group};
    const auto opened = open_door(plan);
    if (!opened) return std::unexpected(opened.error());
    const bool has_file = !net::Address::parse(bind)->path().empty();
    doors.push_back({*opened, &own, std::move(plan), has_file});
    if (ports.back() == 0) ports.back() = port_of(*opened);
  }
  if (!own.open()) return no_file_left(site.name + ".bind");
  return {};
}

void HttpServer::State::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_event, &one, sizeof one);
}

void HttpServer::State::run() {
  begin_http_thread("http", Standing::prompt);
  while (!stopping) {
    wait();
    const Instant begun = http_now();
    look_for_lost();
    accept_all();
    turn();
    make_room();
    rest_after(begun, rest_max);
  }
  end();
}

void HttpServer::State::wait() {
  std::vector<pollfd> fds{{wake_event, POLLIN, 0}};
  std::chrono::milliseconds at_most = std::chrono::hours(1);
  for (const auto& site : sites) {
    fds.push_back({site->epoll_fd(), POLLIN, 0});
    at_most = std::min(at_most, site->wait_max());
  }
  const bool accepting = http_now() >= accept_again;
  if (!accepting)
    at_most = std::min(at_most, std::chrono::ceil<std::chrono::milliseconds>(accept_pause));
  const Duration until_look = std::max(look_at() - http_now(), Duration::zero());
  at_most = std::min(at_most, std::chrono::ceil<std::chrono::milliseconds>(until_look));
  for (const Door& door : doors) {
    if (accepting) fds.push_back({door.fd, POLLIN, 0});
  }
  ::poll(fds.data(), fds.size(), static_cast<int>(at_most.count()));
  std::uint64_t dropped = 0;
  [[maybe_unused]] const auto got = ::read(wake_event, &dropped, sizeof dropped);
}

// Never while no door has a file.
Instant HttpServer::State::look_at() const {
  return std::ranges::any_of(doors, &Door::has_file) ? looked + look_every : never;
}

void HttpServer::State::look_for_lost() {
  const Instant now = http_now();
  if (!look_now.exchange(false) && now < look_at()) return;
  looked = now;
  for (Door& door : doors) {
    if (net::listener_is_lost(door.fd)) make_anew(door);
  }
}

// Who waits in the old one is taken first; what cannot be made anew is told once.
void HttpServer::State::make_anew(Door& door) {
  const auto opened = open_door(door.plan);
  const std::string name = "[" + door.plan.site + "] " + door.plan.bind;
  if (!opened) {
    const HttpFailure& why = opened.error();
    if (std::exchange(door.trouble, why.what) == why.what) return;
    log::write(log::Level::error,
               "somebody has removed " + name + ": " + why.what + "; " + why.remedy,
               {.name = "socket_not_made_anew", .address = door.plan.bind, .cause = why.what});
    return;
  }
  log::write(log::Level::warning, "somebody had removed " + name + ": it was made anew",
             {.name = "socket_made_anew", .address = door.plan.bind});
  accept_some(door);
  net::close_listener(std::exchange(door.fd, *opened));
  door.trouble.clear();
}

void HttpServer::State::accept_all() {
  if (http_now() < accept_again) return;
  for (Door& door : doors) accept_some(door);
}

void HttpServer::State::accept_some(Door& door) {
  for (int i = 0; i < accepts_max; ++i) {
    door.crowded = door.behind->full() && somebody_waits(door.fd);
    if (door.behind->full()) return;
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* from = reinterpret_cast<sockaddr*>(&storage);
    const int fd = ::accept4(door.fd, from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      const bool none = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
      if (!none) accept_again = http_now() + accept_pause;
      return;
    }
    length = std::min<socklen_t>(length, sizeof storage);
    door.behind->take(fd, net::Address::from(from, length));
  }
}

void HttpServer::State::turn() {
  maker.deliver();
  const Instant now = http_now();
  for (const auto& site : sites) site->run(now);
}

// After the turn: who has asked meanwhile is owed an answer, and who is gone has left room.
void HttpServer::State::make_room() {
  for (Door& door : doors) {
    if (std::exchange(door.crowded, false) && door.behind->full()) door.behind->make_room();
  }
}

// Nobody new comes in; who has asked gets his answer if he takes it soon.
void HttpServer::State::end() {
  close_doors();
  for (const auto& site : sites) site->cut_unfinished();
  maker.stop();
  const Instant until = http_now() + stop_time_max;
  do {
    turn();
    if (std::ranges::all_of(sites, [](const auto& site) { return site->empty(); })) break;
    rest_after(http_now(), rest_max);
  } while (http_now() < until);
  sites.clear();
}

void HttpServer::State::close_doors() {
  for (const Door& door : std::exchange(doors, {})) net::close_listener(door.fd);
}

}  // namespace ringway::admin
