// The protocol of sd_notify(3) is a datagram of lines; libsystemd is not worth a
// dependency for it.
#include "daemon/systemd.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace ringway::cli {
namespace {

// Fed this often within the time after which it would bite.
constexpr int feedings = 4;
constexpr std::size_t unsent_max = 32;
constexpr Duration pause = std::chrono::milliseconds(50);

std::string taken(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value ? value : "";
  ::unsetenv(name);
  return text;
}

}  // namespace

Systemd::Systemd() : address_(taken("NOTIFY_SOCKET")) {
  const std::string watchdog_us = taken("WATCHDOG_USEC");
  const std::string pid = taken("WATCHDOG_PID");
  if (address_.empty()) return;
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool ours = pid.empty() || pid == std::to_string(::getpid());
  if (!watchdog_us.empty() && ours) {
    watchdog_ = std::chrono::microseconds(std::strtoull(watchdog_us.c_str(), nullptr, 10));
    if (watchdog_ > Duration::zero()) feed_at_ = Instant{};
  }
}

Systemd::~Systemd() {
  if (fd_ >= 0) ::close(fd_);
}

void Systemd::tell(std::string lines) {
  if (unsent_.size() >= unsent_max) unsent_.pop_front();
  unsent_.push_back(std::move(lines));
  while (!unsent_.empty() && send(unsent_.front())) unsent_.pop_front();
}

void Systemd::tell_rest(Instant now) {
  if (unsent_.empty() || now < try_at_) return;
  while (!unsent_.empty() && send(unsent_.front())) unsent_.pop_front();
  try_at_ = now + pause;
}

// False: it is worth another try, because its queue is full. Whether anybody listens is not
// our business.
bool Systemd::send(const std::string& lines) const {
  sockaddr_un to{};
  if (fd_ < 0 || address_.size() >= sizeof to.sun_path) return true;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const auto sent = ::sendto(fd_, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&to), size);
  return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

void Systemd::tell_ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status + "\n");
}

// The time is how systemd tells this reload from one before.
void Systemd::tell_reloading(Instant now) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reloading\n", us.count()));
}

void Systemd::tell_stopping() {
  tell("STOPPING=1\nSTATUS=stopping: clients are asked to leave\n");
}

void Systemd::feed_watchdog(Instant now, worker::Shared& shared) {
  if (now < feed_at_) return;
  feed_at_ = now + watchdog_ / feedings;
  bool all_turned = turns_.size() == shared.size();
  turns_.resize(shared.size());
  for (std::uint32_t i = 0; i < shared.size(); ++i) {
    const auto turns = shared.registry.worker(i)[metrics::WorkerMetric::turns].value();
    if (turns == turns_[i]) all_turned = false;
    turns_[i] = turns;
    // An idle worker sleeps: it shall turn once until the next feeding.
    shared.mailboxes[i]->wake();
  }
  // One that waits is as good as many.
  if (all_turned && unsent_.empty()) tell("WATCHDOG=1\n");
}

}  // namespace ringway::cli
