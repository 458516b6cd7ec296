// See http_maker.h. Handlers run without the lock; one that throws costs a 500. What is
// delivered was taken out of the thread's hands before.
#include "admin/http_maker.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "ringway/base/assert.h"

#include "admin/http_thread.h"

namespace ringway::admin {
namespace {

constexpr Duration rest_max = std::chrono::milliseconds(20);

constexpr std::int64_t wait_s_max = 3600;

// "Prefer: wait=300" (RFC 7240): how many seconds whoever asks will wait.
Duration patience_of(const HttpRequest& request, Duration otherwise) {
  constexpr std::string_view wait = "wait=";
  const std::string_view prefer = request.header("Prefer");
  if (!prefer.starts_with(wait)) return otherwise;
  std::int64_t seconds = 0;
  const char* end = prefer.data() + prefer.size();
  const auto [read_to, error] = std::from_chars(prefer.data() + wait.size(), end, seconds);
  if (error != std::errc() || read_to != end || seconds < 1) return otherwise;
  return std::chrono::seconds(std::min(seconds, wait_s_max));
}

template <typename Make>
std::optional<HttpAnswer> guarded(const Make& make) {
  try {
    return make();
  } catch (const std::exception&) {
    return HttpAnswer{.status = 500, .body = "ringway failed to answer this\n"};
  }
}

}  // namespace

HttpMaker::HttpMaker(std::function<void()> wake, Duration patience)
    : wake_(std::move(wake)), patience_(patience) {}

HttpMaker::~HttpMaker() {
  stop();
}

void HttpMaker::start() {
  RINGWAY_ASSERT(!thread_.joinable());
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
}

void HttpMaker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool HttpMaker::ask(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    jobs_.push_back(std::move(job));
  }
  asked_.notify_all();
  return true;
}

void HttpMaker::deliver() {
  std::vector<Done> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  for (Done& one : done) one.deliver(std::move(one.answer));
}

void HttpMaker::run() {
  begin_http_thread("http-maker", Standing::patient);
  Job job;
  while (next(job)) {
    const Instant begun = http_now();
    const bool made = job.route != nullptr;
    if (made) make(std::exchange(job, {}));
    look(false);
    if (made) rest_after(begun, rest_max);
  }
  look(true);
}

// False at the end. Without a job if it is time to look at what waits.
bool HttpMaker::next(Job& job) {
  std::unique_lock lock(mutex_);
  const auto something = [this] { return stopping_ || !jobs_.empty(); };
  if (waiting_.empty()) {
    asked_.wait(lock, something);
  } else {
    asked_.wait_for(lock, look_every, something);
  }
  if (jobs_.empty()) return !stopping_;
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

void HttpMaker::make(Job job) {
  const HttpRoute& route = *job.route;
  HttpLater later;
  auto answer = guarded([&]() -> std::optional<HttpAnswer> {
    if (route.answer) return route.answer(job.request);
    later = route.begin(job.request);
    return std::nullopt;
  });
  if (answer) return finish(job, std::move(*answer));
  const Instant until = http_now() + patience_of(job.request, patience_);
  waiting_.push_back({std::move(job), std::move(later), until});
}

void HttpMaker::look(bool last) {
  for (auto one = waiting_.begin(); one != waiting_.end();) {
    auto answer = guarded(one->later);
    if (!answer && last) answer = HttpAnswer{.status = 503, .body = "ringway ends\n"};
    if (!answer && http_now() >= one->until) {
      answer = HttpAnswer{.status = 504, .body = "this goes on, and takes longer than expected\n"};
    }
    if (answer) finish(one->job, std::move(*answer));
    one = answer ? waiting_.erase(one) : std::next(one);
  }
}

void HttpMaker::finish(Job& job, HttpAnswer answer) {
  {
    const std::lock_guard lock(mutex_);
    done_.push_back({std::move(job.deliver), std::move(answer)});
  }
  wake_();
}

}  // namespace ringway::admin
