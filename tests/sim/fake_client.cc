// The life of the connection. How things are asked is in fake_questions.cc, what
// replies mean in fake_replies.cc.
#include "sim/fake_client.h"

#include <algorithm>
#include <cerrno>

#include "sim/fail.h"

namespace ringway::sim {
namespace {

constexpr std::uint64_t begin_alarm = 0;
constexpr std::uint64_t ask_alarm = 1;
constexpr std::uint64_t read_alarm = 2;
constexpr std::uint64_t follow_alarm = 3;
constexpr std::uint64_t rest_alarm = 4;

}  // namespace

FakeClient::FakeClient(SimWorld& world, Model& model, ClientId id, const ClientPlan& plan,
                       Chance chance)
    : world_(world),
      model_(model),
      id_(id),
      plan_(plan),
      chance_(chance),
      own_floor_(model.keys()),
      cas_(model.keys()) {
  // A reply that is said twice may name the number of another client's request as well.
  if (plan_.marks_all) opaque_ = id_ * 100'000;
  world_.alarm(*this, plan_.begin, begin_alarm);
}

FakeClient::~FakeClient() {
  world_.forget(*this);
}

void FakeClient::connect() {
  if (router_stops_ || over_) {
    over_ = true;
    return;
  }
  fd_ = world_.connect(*this, plan_.address);
}

void FakeClient::on_alarm(std::uint64_t what) {
  if (what == begin_alarm) return connect();
  if (what == follow_alarm) return follow();
  if (what == rest_alarm) {
    rest_planned_ = false;
    return flush();
  }
  (what == read_alarm ? read_planned_ : ask_planned_) = false;
  if (fd_ < 0) return;
  if (deaf_) return;
  if (what == read_alarm) return read();
  if (!over_) ask_more();
}

void FakeClient::on_news(Fd fd, News news) {
  if (fd != fd_) return;
  switch (news) {
    case News::connected: return ask_more();
    case News::readable:
      if (deaf_) return;
      if (plan_.slow_bytes == 0) return read();
      if (!std::exchange(read_planned_, true))
        world_.alarm(*this, world_.now() + Duration(chance_.below(20'000'000)), read_alarm);
      return;
    case News::writable: return flush();
    case News::failed: return on_end();
    case News::acceptable: return;
  }
}

// --- Asking -------------------------------------------------------------------

void FakeClient::ask_more() {
  if (said_last_ || over_) return;
  std::uint64_t burst = chance_.between(1, plan_.depth);
  while (burst-- > 0 && asked_.size() < plan_.depth && asked_count_ < plan_.requests) {
    ask_one();
    if (++asked_count_ == plan_.vanish_after) return vanish();
    if (asked_count_ != plan_.deaf_after) continue;
    flush();
    give_up_rest();
    deaf_ = over_ = true;
    return;
  }
  if (asked_count_ == plan_.requests) say_last();
  flush();
  go_on();
}

// Leaves in the middle of things, perhaps with a request cut in two.
void FakeClient::vanish() {
  if (chance_.one_in(2))
    flush();
  else
    world_.write(fd_, Bytes(output_).substr(0, chance_.below(output_.size() + 1)));
  give_up_rest();
  if (chance_.one_in(2)) world_.reset(std::exchange(fd_, -1));
  close();
}

// What comes next when nothing new is heard: the next burst, or contentment (it
// stays connected until leave()).
void FakeClient::go_on() {
  if (asked_count_ == plan_.requests) {
    if (asked_.empty() && !said_last_ && output_.empty()) over_ = true;
    return;
  }
  if (asked_.size() >= plan_.depth || std::exchange(ask_planned_, true)) return;
  world_.alarm(*this, world_.now() + std::chrono::microseconds(chance_.below(plan_.gap_us + 1)),
               ask_alarm);
}

void FakeClient::flush() {
  if (fd_ < 0 || output_.empty()) return;
  const bool half = plan_.in_halves && output_.size() > 1 && chance_.one_in(2);
  if (half && std::exchange(rest_planned_, true)) return;
  const Bytes now =
      Bytes(output_).substr(0, half ? chance_.between(1, output_.size() - 1) : Bytes::npos);
  const auto rest_within = static_cast<std::uint64_t>(plan_.rest_within.count());
  if (half) world_.alarm(*this, world_.now() + Duration(chance_.below(rest_within)), rest_alarm);
  const std::int64_t taken = world_.write(fd_, now);
  if (taken < 0) return;  // The end is on its way.
  output_.erase(0, static_cast<std::size_t>(taken));
  go_on();
  if (output_.empty() && said_last_ && plan_.half_close) world_.finish_sending(fd_);
}

void FakeClient::say_last() {
  if (said_last_ || !(plan_.half_close || plan_.quits)) return;
  said_last_ = true;
  if (plan_.quits && !plan_.half_close) {
    output_ += plan_.browses ? "POST /metrics HTTP/1.1\r\nHost: a\r\n" : "quit\r\n";
    if (!plan_.browses) ++model_.tally.requests;
    world_.alarm(*this, world_.now() + Duration(chance_.below(3'000'000)), follow_alarm);
    return;
  }
  if (output_.empty()) world_.finish_sending(fd_);
}

// What follows `quit` is never answered, and must not cost the replies before it.
void FakeClient::follow() {
  if (fd_ < 0) return;
  output_ += "get " + model_.key(0).text + "\r\n";
  flush();
}

// --- The end ------------------------------------------------------------------

void FakeClient::read() {
  Bytes bytes = world_.readable(fd_);
  if (plan_.slow_bytes > 0) bytes = bytes.substr(0, plan_.slow_bytes);
  input_.append(bytes);
  world_.consume(fd_, bytes.size());
  take_replies();
  if (over_ || fd_ < 0) return;
  const bool more = !world_.readable(fd_).empty();
  if (more) return on_news(fd_, News::readable);
  if (world_.ended(fd_) || world_.error(fd_) != 0) return on_end();
  go_on();
}

void FakeClient::on_end() {
  if (world_.error(fd_) == EAGAIN) {  // A unix socket whose backlog is full: again, later.
    world_.close(std::exchange(fd_, -1));
    return world_.alarm(*this, world_.now() + std::chrono::milliseconds(1), begin_alarm);
  }
  if (not_there()) return;
  const bool failed = world_.error(fd_) != 0;
  if (failed && !over_) {
    const Bytes rest = world_.readable(fd_);
    input_.append(rest);
    world_.consume(fd_, rest.size());
    take_replies();
  }
  // A second of lingering is none where the clock jumps.
  const bool lingered_short = world_.jumped() > Duration::zero();
  // A server lost within a large value costs its client, whichever listener it came through.
  const bool expected = router_stops_ || deaf_ || rejected_ ||
                        (said_last_ && asked_.empty() && (!failed || lingered_short)) ||
                        (!asked_.empty() && excused(asked_.front())) || rightly_dismissed();
  SIM_REQUIRE(expected, "a client lost its connection (error %d) waiting for %s", world_.error(fd_),
              waiting_for().c_str());
  give_up_rest();
  close();
}

// A listener that comes and goes.
bool FakeClient::not_there() {
  if (!plan_.side || world_.error(fd_) != ECONNREFUSED) return false;
  world_.close(std::exchange(fd_, -1));
  constexpr std::uint32_t tries_max = 20;
  over_ = ++tries_ == tries_max;
  if (!over_) world_.alarm(*this, world_.now() + std::chrono::milliseconds(20), begin_alarm);
  return true;
}

// Between two requests: what was asked after the router had made up its mind is lost, what
// was asked before is answered to the last byte.
bool FakeClient::rightly_dismissed() const {
  const Instant at = world_.ended_by_peer(fd_);
  if (!plan_.side || at == never) return false;
  SIM_REQUIRE(at >= plan_.dismissed_from, "a client was told to leave too soon");
  SIM_REQUIRE(taken_ == input_.size() || world_.error(fd_) != 0,
              "a client was told to leave within a reply");
  // Where few keys are asked for at a time, reads wait for one another, however long each takes.
  const bool serial = plan_.keys_per_ask < 16;
  // With nothing else under way there is nothing to wait for in between.
  const bool alone = !asked_.empty() && asked_.front().begun > heard_at_;
  const Duration within = alone ? plan_.dismissed_within : plan_.patience;
  SIM_REQUIRE(asked_.empty() || plan_.patience == Duration::zero() || serial ||
                  asked_.front().begun >= at - within,
              "a client was told to leave within a request: %s", waiting_for().c_str());
  return true;
}

bool FakeClient::dismissed() const {
  return fd_ < 0 || deaf_ || world_.error(fd_) != 0 || world_.ended_by_peer(fd_) != never;
}

// What was asked and never answered may still happen, at any time.
void FakeClient::give_up_rest() {
  for (const Asked& asked : asked_) give_up(asked);
  for (const Asked& asked : unheard_) never_known(asked);
  asked_.clear();
  unheard_.clear();
}

void FakeClient::give_up(const Asked& asked) {
  for (const Asked& one : asked.quiet)
    if (!one.told) never_known(one);
  for (const Asked& one : asked.noreply) never_known(one);
  never_known(asked);
  ++model_.tally.unheard;
}

// Nobody knows whether it happened, or when it will.
void FakeClient::never_known(const Asked& asked) {
  if (asked.kind == Kind::remove) model_.end_remove(asked.keys[0], asked.begun, never);
}

void FakeClient::close() {
  if (fd_ >= 0) world_.close(std::exchange(fd_, -1));
  over_ = true;
}

void FakeClient::leave() {
  if (fd_ < 0) {
    over_ = true;
    return;
  }
  give_up_rest();
  close();
}

std::string FakeClient::waiting_for() const {
  if (asked_.empty()) return "nothing";
  const Asked& asked = asked_.front();
  std::string text{asked.verb};
  if (!asked.quiet.empty()) text += " behind " + std::to_string(asked.quiet.size()) + " quiet ones";
  for (const KeyIndex key : asked.keys) {
    text += " #" + std::to_string(key) + "@" + std::to_string(model_.key(key).owner);
    if (text.size() > 200) break;
  }
  return text + ", asked at " + std::to_string(asked.begun.time_since_epoch().count() / 1000) +
         " us, on fd " + std::to_string(fd_);
}

}  // namespace ringway::sim
