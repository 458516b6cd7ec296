// Asking, and the life of the connection; what replies mean is in fake_replies.cc.
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

}  // namespace

FakeClient::FakeClient(SimWorld& world, Model& model, const ClientPlan& plan, Chance chance)
    : world_(world), model_(model), plan_(plan), chance_(chance), own_floor_(model.keys()) {
  world_.alarm(*this, plan_.begin, begin_alarm);
}

FakeClient::~FakeClient() {
  world_.forget(*this);
}

void FakeClient::connect() {
  if (router_stops_) {
    over_ = true;
    return;
  }
  fd_ = world_.connect(*this, plan_.address);
}

void FakeClient::on_alarm(std::uint64_t what) {
  if (what == begin_alarm) return connect();
  if (what == follow_alarm) return follow();
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

void FakeClient::ask_one() {
  if (chance_.with(plan_.broken)) return ask_broken();
  if (chance_.with(plan_.writes)) return ask_set();
  if (chance_.with(plan_.removes)) return ask_remove();
  if (!chance_.one_in(50)) return ask_get();
  output_ += "version\r\n";
  ask(Kind::version);
}

FakeClient::Asked& FakeClient::ask(Kind kind) {
  asked_.emplace_back();
  asked_.back().kind = kind;
  asked_.back().begun = world_.now();
  ++model_.tally.requests;
  return asked_.back();
}

void FakeClient::ask_get() {
  Asked& asked = ask(Kind::get);
  const std::uint64_t count =
      plan_.keys_max == 1 || chance_.one_in(2) ? 1 : chance_.between(1, plan_.keys_max);
  output_ += chance_.one_in(8) ? "gets" : "get";
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool again = i > 0 && chance_.one_in(10);
    const auto key =
        again ? asked.keys[chance_.below(i)] : static_cast<KeyIndex>(chance_.below(model_.keys()));
    asked.keys.push_back(key);
    asked.floors.push_back(model_.floor(key));
    output_ += ' ';
    output_ += model_.key(key).text;
  }
  model_.tally.keys += count;
  output_ += "\r\n";
}

void FakeClient::ask_set() {
  const auto key = static_cast<KeyIndex>(chance_.below(model_.keys()));
  const bool noreply = chance_.with(plan_.noreply);
  const std::uint64_t most = chance_.one_in(8) ? plan_.value_max : std::min(plan_.value_max, 64u);
  const WriteId write =
      model_.begin_write(key, static_cast<std::uint32_t>(chance_.below(most + 1)), world_.now());
  std::string value;
  model_.append_value(write, value);
  output_ += "set " + model_.key(key).text + ' ' + std::to_string(model_.flags(write)) + " 0 " +
             std::to_string(value.size()) + (noreply ? " noreply\r\n" : "\r\n");
  output_ += value;
  output_ += "\r\n";
  ++model_.tally.keys;
  if (noreply) {
    ++model_.tally.requests;
    return;
  }
  Asked& asked = ask(Kind::set);
  asked.write = write;
  asked.keys.push_back(key);
}

void FakeClient::ask_remove() {
  const auto key = static_cast<KeyIndex>(chance_.below(model_.keys()));
  const bool noreply = chance_.with(plan_.noreply);
  output_ += "delete " + model_.key(key).text + (noreply ? " noreply\r\n" : "\r\n");
  model_.begin_remove(key);
  ++model_.tally.keys;
  if (noreply) {
    ++model_.tally.requests;
    model_.end_remove(key, world_.now(), never);
    return;
  }
  Asked& asked = ask(Kind::remove);
  asked.keys.push_back(key);
  asked.floors.push_back(model_.floor(key));
}

// Requests that are refused without a word to any server, and the words they get.
void FakeClient::ask_broken() {
  struct Row {
    const char* request;
    Bytes error;
  };
  static const std::string long_key = "get a " + std::string(251, 'k') + "\r\n";
  static const Row rows[] = {
      {"bogus\r\n", "ERROR"},
      {"GET a\r\n", "ERROR"},
      {"get\r\n", "ERROR"},
      {"set a 0 0 -1\r\n", "CLIENT_ERROR bad command line format"},
      {"set a 0 0 5\r\nget bXX", "CLIENT_ERROR bad data chunk"},
      {long_key.c_str(), "CLIENT_ERROR bad command line format"},
  };
  if (plan_.too_large > 0 && chance_.one_in(4)) return ask_too_large();
  const Row& row = rows[chance_.below(std::size(rows))];
  output_ += row.request;
  ask(Kind::broken).expected = row.error;
  --model_.tally.requests;
  ++model_.tally.rejected;
}

// The old value must not survive a set that was too large for the cache.
void FakeClient::ask_too_large() {
  const auto key = static_cast<KeyIndex>(chance_.below(model_.keys()));
  model_.begin_remove(key);
  model_.end_remove(key, world_.now(), never);
  output_ += "set " + model_.key(key).text + " 0 0 " + std::to_string(plan_.too_large) + "\r\n";
  output_.append(plan_.too_large, 'x');
  output_ += "\r\n";
  ask(Kind::broken).expected = "SERVER_ERROR object too large for cache";
  --model_.tally.requests;
  ++model_.tally.rejected;
}

void FakeClient::flush() {
  if (fd_ < 0 || output_.empty()) return;
  const std::int64_t taken = world_.write(fd_, output_);
  if (taken < 0) return;  // The end is on its way.
  output_.erase(0, static_cast<std::size_t>(taken));
  go_on();
  if (output_.empty() && said_last_ && plan_.half_close) world_.finish_sending(fd_);
}

void FakeClient::say_last() {
  if (said_last_ || !(plan_.half_close || plan_.quits)) return;
  said_last_ = true;
  if (plan_.quits && !plan_.half_close) {
    output_ += "quit\r\n";
    ++model_.tally.requests;
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
  const bool failed = world_.error(fd_) != 0;
  if (failed && !over_) {
    const Bytes rest = world_.readable(fd_);
    input_.append(rest);
    world_.consume(fd_, rest.size());
    take_replies();
  }
  const bool expected = router_stops_ || deaf_ || rejected_ ||
                        (said_last_ && asked_.empty() && !failed) ||
                        (!asked_.empty() && excused(asked_.front()));
  SIM_REQUIRE(expected, "a client lost its connection (error %d) waiting for %s", world_.error(fd_),
              waiting_for().c_str());
  give_up_rest();
  close();
}

// What was asked and never answered may still happen, at any time.
void FakeClient::give_up_rest() {
  for (const Asked& asked : asked_) {
    if (asked.kind == Kind::remove) model_.end_remove(asked.keys[0], asked.begun, never);
    ++model_.tally.unheard;
  }
  asked_.clear();
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
  static constexpr const char* names[] = {"get", "set", "delete", "version", "a broken request"};
  std::string text = names[static_cast<std::size_t>(asked.kind)];
  for (const KeyIndex key : asked.keys) {
    text += " #" + std::to_string(key) + "@" + std::to_string(model_.key(key).owner);
    if (text.size() > 200) break;
  }
  return text + ", asked at " + std::to_string(asked.begun.time_since_epoch().count() / 1000) +
         " us, on fd " + std::to_string(fd_);
}

}  // namespace ringway::sim
