// Listeners by net/, the clock of the machine, and the resolver's thread, which alone
// may hang in a name server. It takes one question at a time; a server that waits for
// its answer is not asked for again.
#include "reload/system_world.h"

#include <chrono>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include "net/listener_socket.h"

namespace ringway::reload {
namespace {

// More than any backlog holds.
constexpr std::size_t accept_waiting_max = 65536;

// Of several addresses the lowest, so that all routers choose the same.
Result<net::Address> looked_up(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos) return failure("has no port");
  std::string host = name.substr(0, colon);
  const std::string port = name.substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return failure(std::string("does not resolve: ") + gai_strerror(error));
  }
  net::Address lowest;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    const net::Address address = net::Address::from(entry->ai_addr, entry->ai_addrlen);
    if (lowest.empty() || address.text() < lowest.text()) lowest = address;
  }
  freeaddrinfo(found);
  if (lowest.empty()) return failure("has no address");
  return lowest;
}

// What a file would get here; the mask can only be read by setting it.
mode_t umask_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0777 & ~mask;
}

}  // namespace

SystemWorld::~SystemWorld() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Instant SystemWorld::now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<Duration>(since_boot)};
}

Result<int> SystemWorld::open_listener(const std::string& bind, const config::Listener& settings) {
  const mode_t mode = settings.mode ? static_cast<mode_t>(*settings.mode) : umask_mode();
  return net::open_listener(bind, static_cast<int>(settings.backlog), mode);
}

std::vector<int> SystemWorld::accept_waiting(int fd) {
  std::vector<int> clients;
  while (clients.size() < accept_waiting_max) {
    const int client = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) break;
    clients.push_back(client);
  }
  return clients;
}

void SystemWorld::close_listener(int fd) {
  net::close_listener(fd);
}

void SystemWorld::resolve(pool::ServerId server, const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (const Asked& asked : asked_) {
    if (asked.server == server) return;
  }
  asked_.push_back({server, name});
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

std::vector<Resolved> SystemWorld::take_resolved() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void SystemWorld::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !asked_.empty(); });
    if (ending_) return;
    const Asked asked = asked_.front();
    lock.unlock();
    Result<net::Address> address = looked_up(asked.name);
    lock.lock();
    asked_.pop_front();
    answers_.push_back({asked.server, std::move(address)});
  }
}

}  // namespace ringway::reload
