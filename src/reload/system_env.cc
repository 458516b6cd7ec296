// Listeners by net/, the clock of the machine, and the resolver's thread, which alone
// may hang in a name server. It takes one question at a time.
#include "reload/system_env.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <malloc.h>
#include <mutex>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ringway/base/assert.h"

#include "net/listener_socket.h"
#include "net/resolver.h"
#include "net/sockets.h"

namespace ringway::reload {
namespace {

// More than any backlog holds.
constexpr std::size_t accept_waiting_max = 65536;
constexpr int niceness = 10;  // Of work that may take its time.

Result<void> start(std::thread& thread, std::function<void()> body) {
  try {
    thread = std::thread(std::move(body));
    return {};
  } catch (const std::system_error& error) {
    return failure(std::string("cannot start a thread: ") + error.what());
  }
}

}  // namespace

// Its thread's as well: what asks a name server that is silent outlives whoever wanted to know.
struct SystemEnv::Resolver {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> asked;
  std::vector<Resolved> answers;
  bool begun = false;
  bool ending = false;

  void run();
};

void SystemEnv::Resolver::run() {
  pthread_setname_np(pthread_self(), "names");
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return ending || !asked.empty(); });
    if (ending) return;
    std::string name = std::move(asked.front());
    asked.pop_front();
    lock.unlock();
    Answer answer = net::looked_up(name);
    lock.lock();
    answers.push_back({std::move(name), std::move(answer)});
  }
}

SystemEnv::SystemEnv(Source source)
    : source_(std::move(source)),
      chance_(net::system_seed()),
      resolver_(std::make_shared<Resolver>()) {}

SystemEnv::~SystemEnv() {
  if (worker_.joinable()) worker_.join();
  const std::lock_guard lock(resolver_->mutex);
  resolver_->ending = true;
  resolver_->changed.notify_all();
}

Instant SystemEnv::now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<Duration>(since_boot)};
}

Duration SystemEnv::since_1970() {
  return std::chrono::system_clock::now().time_since_epoch();
}

// Traffic goes first where there are few CPUs.
Result<void> SystemEnv::begin(std::function<void()> work) {
  RINGWAY_ASSERT(!working());
  if (worker_.joinable()) worker_.join();
  working_ = true;
  auto begun = start(worker_, [this, work = std::move(work)] {
    pthread_setname_np(pthread_self(), "reload");
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
    work();
    // What the reload before left in the allocator: a whole snapshot, in pieces.
    ::malloc_trim(0);
    working_.store(false, std::memory_order_release);
    wake();
  });
  if (!begun) working_ = false;
  return begun;
}

std::uint32_t SystemEnv::mode_of(const config::Listener& settings) const {
  return settings.mode.value_or(source_.file_mode);
}

ControlEnv::Opening SystemEnv::open_listener(const std::string& bind,
                                             const config::Listener& settings) {
  if (const auto given = given_.take(bind)) return *given;
  return net::open_listener(bind, static_cast<int>(settings.backlog), mode_of(settings));
}

// What was given keeps what its giver chose.
ControlEnv::Adjusting SystemEnv::adjust_listener(int fd, const config::Listener& settings) {
  if (given_.has(fd)) return {};
  return net::adjust_listener(fd, static_cast<int>(settings.backlog), mode_of(settings));
}

std::vector<int> SystemEnv::accept_waiting(int fd) {
  std::vector<int> clients;
  while (clients.size() < accept_waiting_max) {
    const int client = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) break;
    clients.push_back(client);
  }
  return clients;
}

void SystemEnv::close_listener(int fd) {
  if (!given_.give_back(fd)) net::close_listener(fd);
}

void SystemEnv::abandon_listener(int fd) {
  if (!given_.has(fd)) net::abandon_listener(fd);
}

// The file of what was given is its giver's to make anew.
bool SystemEnv::listener_is_lost(int fd) {
  return !given_.has(fd) && net::listener_is_lost(fd);
}

void SystemEnv::resolve(const std::string& name) {
  const std::lock_guard lock(resolver_->mutex);
  if (!resolver_->begun) {
    std::thread thread;
    if (const auto begun = start(thread, [own = resolver_] { own->run(); }); !begun) {
      // As a name server that is silent for once: it is asked again.
      resolver_->answers.push_back(
          {name, {.addresses = {}, .why = "does not resolve: " + begun.error()}});
      return;
    }
    thread.detach();  // It is not waited for: see Resolver.
    resolver_->begun = true;
  }
  resolver_->asked.push_back(name);
  resolver_->changed.notify_all();
}

std::vector<Resolved> SystemEnv::take_resolved() {
  const std::lock_guard lock(resolver_->mutex);
  return std::exchange(resolver_->answers, {});
}

}  // namespace ringway::reload
