// See http_thread.h. On Linux both priority and policy are of the calling thread alone, and
// any thread may lower its own.
#include "admin/http_thread.h"

#include <algorithm>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <thread>

namespace ringway::admin {
namespace {

constexpr int rest_times = 4;

}  // namespace

// A batch thread that wakes up never takes the CPU from one that runs. None of it is worth
// a word if it is refused.
void begin_http_thread(const char* name, Standing standing) {
  pthread_setname_np(pthread_self(), name);
  const int own = ::getpriority(PRIO_PROCESS, 0);
  const int niceness = standing == Standing::prompt ? 5 : 10;
  ::setpriority(PRIO_PROCESS, 0, std::min(own + niceness, 19));
  if (standing == Standing::prompt || ::sched_getscheduler(0) != SCHED_OTHER) return;
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_BATCH, &none);
}

Instant http_now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<Duration>(since_boot)};
}

void rest_after(Instant begun, Duration at_most) {
  constexpr Duration at_least = std::chrono::milliseconds(1);
  const Duration rest = rest_times * (http_now() - begun);
  std::this_thread::sleep_for(std::clamp(rest, at_least, std::max(at_least, at_most)));
}

}  // namespace ringway::admin
