#include "bench/load/load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/common/sockets.h"

namespace ringway::bench {
namespace {

constexpr std::size_t read_bytes_max = 256 * 1024;
constexpr std::size_t carry_bytes_max = 4096;
constexpr std::size_t events_max = 256;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t reopen_interval_ns = 50'000'000;
constexpr std::int64_t far_ns = INT64_MAX;
// How long to listen for a reply too many once all are in.
constexpr std::int64_t stray_wait_ns = 20'000'000;
constexpr std::int64_t stray_wait_burst_ns = 500'000;

std::int64_t to_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

}  // namespace

Load::Load(const Options& options, const Protocol& protocol)
    : options_(options),
      protocol_(protocol),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      conns_(options.connections),
      input_(carry_bytes_max + read_bytes_max, '\0'),
      arrivals_(options.seed + 1) {
  prctl(PR_SET_TIMERSLACK, 1UL);  // Arrivals of the open loop are closer than the usual 50 us.
}

Load::~Load() {
  for (const Conn& conn : conns_) {
    if (conn.fd >= 0) close(conn.fd);
  }
  close(epoll_);
}

std::expected<void, std::string> Load::connect() {
  for (ConnId id = 0; id < conns_.size(); ++id) {
    const auto opened = open(id);
    if (!opened) return opened;
  }
  return {};
}

const Measured& Load::run(const Phase& phase) {
  start(phase);
  for (std::int64_t now = start_ns_; !finished(now); now = now_ns()) {
    if (!dead_.empty()) reopen_dead(now);
    if (phase.rate > 0) send_due(now);
    report_progress(now);
    wait(next_event_ns());
  }
  measured_.seconds = static_cast<double>(now_ns() - start_ns_) / 1e9;
  const std::int64_t listen_until =
      now_ns() + (options_.on_command ? stray_wait_burst_ns : stray_wait_ns);
  while (now_ns() < listen_until) wait(listen_until);
  return measured_;
}

void Load::start(const Phase& phase) {
  phase_ = &phase;
  measured_ = {};
  asked_ = 0;
  asking_ = true;
  backlog_.clear();
  start_ns_ = now_ns();
  waiting_since_ns_ = start_ns_;
  end_ns_ = phase.requests > 0 ? far_ns : start_ns_ + to_ns(phase.duration_s);
  next_report_ns_ = start_ns_ + second_ns;
  reported_ = 0;
  next_due_ns_ = start_ns_;
  for (ConnId id = 0; id < options_.active; ++id) {
    if (phase.rate > 0) {
      refill_slots(id);
    } else {
      go_on(id, conns_[id]);
    }
  }
}

// Asking ends at its time or when the source is dry; the run ends with the last reply,
// or when replies have stopped coming: a lost one must not make a run endless.
bool Load::finished(std::int64_t now) {
  if (owed_total_ > 0 && now >= waiting_since_ns_ + to_ns(options_.drain_s)) {
    give_up_on_missing();
    return true;
  }
  if (asking_ && (now >= end_ns_ || !may_ask())) {
    asking_ = false;
    end_ns_ = now + to_ns(options_.drain_s);
  }
  if (asking_) return false;
  if (owed_total_ == 0 && backlog_.empty()) return true;
  if (now < end_ns_) return false;
  give_up_on_missing();
  return true;
}

// A late reply must not be taken for the answer to a later question: those
// connections start anew.
void Load::give_up_on_missing() {
  measured_.counts.missing += backlog_.size();
  backlog_.clear();
  for (ConnId id = 0; id < options_.active; ++id) {
    Conn& conn = conns_[id];
    if (conn.owed.requests.empty()) continue;
    lose(id, conn, measured_.counts.missing);
  }
}

std::int64_t Load::next_event_ns() const {
  std::int64_t next = end_ns_;
  if (owed_total_ > 0) next = std::min(next, waiting_since_ns_ + to_ns(options_.drain_s));
  if (asking_ && phase_->rate > 0) next = std::min(next, next_due_ns_);
  if (!dead_.empty()) next = std::min(next, reopen_at_ns_);
  if (options_.progress) next = std::min(next, next_report_ns_);
  return next;
}

void Load::wait(std::int64_t until_ns) {
  const std::int64_t patience = until_ns == far_ns ? second_ns : until_ns - now_ns();
  const std::int64_t rest = std::max<std::int64_t>(patience, 0);
  const timespec timeout{.tv_sec = rest / second_ns, .tv_nsec = rest % second_ns};
  std::array<epoll_event, events_max> events;
  const int count = epoll_pwait2(epoll_, events.data(), events_max, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Conn& conn = conns_[event.data.u32];
    if (conn.fd < 0) continue;
    if ((event.events & EPOLLOUT) != 0) on_writable(event.data.u32, conn);
    if (conn.fd >= 0 && (event.events & ~std::uint32_t{EPOLLOUT}) != 0) {
      on_readable(event.data.u32, conn);
    }
  }
}

void Load::report_progress(std::int64_t now) {
  if (!options_.progress || now < next_report_ns_) return;
  const Counts& counts = measured_.counts;
  std::fprintf(stderr, "%4lld s  %9llu requests/s  %llu server errors  %s\n",
               static_cast<long long>((now - start_ns_) / second_ns),
               static_cast<unsigned long long>(counts.requests - reported_),
               static_cast<unsigned long long>(counts.server_errors),
               all_right(counts, options_) ? "all right" : "WRONG");
  reported_ = counts.requests;
  next_report_ns_ += second_ns;
}

void Load::on_readable(ConnId id, Conn& conn) {
  // The unfinished line goes in front, so that the protocol sees it whole.
  const std::size_t carried = conn.carry.size();
  conn.carry.copy(input_.data(), carried);
  const ssize_t got = recv(conn.fd, input_.data() + carried, read_bytes_max, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    ++measured_.counts.closes;
    return lose(id, conn, measured_.counts.lost_by_close);
  }
  const std::string_view input(input_.data(), carried + static_cast<std::size_t>(got));
  if (read_replies(id, conn, input)) go_on(id, conn);
}

// False when the stream turned out to be lost, and with it the connection.
bool Load::read_replies(ConnId id, Conn& conn, std::string_view input) {
  const std::int64_t now = now_ns();
  waiting_since_ns_ = now;
  for (;;) {
    const Step step = protocol_.read(conn.owed, input, measured_.counts);
    input.remove_prefix(step.used);
    if (step.progress == Progress::incomplete) break;
    if (step.progress == Progress::broken) {
      lose(id, conn, measured_.counts.missing);
      return false;
    }
    on_settled(id, conn, now);
  }
  conn.carry.assign(input);
  return true;
}

void Load::on_settled(ConnId id, Conn& conn, std::int64_t now) {
  const Pending& pending = conn.owed.requests.front();
  measured_.latency.record(now - pending.due_ns);
  ++measured_.counts.requests;
  ++(pending.kind == Kind::get ? measured_.counts.gets : measured_.counts.sets);
  conn.owed.settle();
  --owed_total_;
  if (phase_->rate > 0) free_slot(id);
}

void Load::on_writable(ConnId id, Conn& conn) {
  output_.swap(conn.unsent);
  conn.unsent.clear();
  watch(id, EPOLLIN, EPOLL_CTL_MOD);
  flush(id, conn);
}

// What a connection does once it has read all that was there.
void Load::go_on(ConnId id, Conn& conn) {
  if (conn.fd < 0) return;
  const bool at_rest = conn.owed.requests.empty();
  if (at_rest && options_.reconnect_every > 0 && conn.asked >= options_.reconnect_every) {
    reopen(id, conn);
    if (conn.fd < 0) return;
  }
  if (phase_->rate <= 0 && at_rest) ask_batch(conn);
  flush(id, conn);
}

bool Load::may_ask() const {
  return phase_->requests == 0 || asked_ + backlog_.size() < phase_->requests;
}

// Writes one request into output_; false when there is none to make.
bool Load::ask(Conn& conn, std::int64_t due_ns) {
  Request request;
  if (!phase_->source.next(request)) {
    end_ns_ = 0;
    return false;
  }
  protocol_.append(output_, request);
  conn.owed.push(request, due_ns);
  ++conn.asked;
  ++asked_;
  if (owed_total_++ == 0) waiting_since_ns_ = now_ns();
  return true;
}

void Load::ask_batch(Conn& conn) {
  if (!asking_) return;
  const std::int64_t now = now_ns();
  if (now >= end_ns_) return;
  for (std::uint32_t i = 0; i < phase_->pipeline && may_ask(); ++i) {
    if (!ask(conn, now)) return;
  }
}

void Load::send_due(std::int64_t now) {
  while (asking_ && next_due_ns_ <= std::min(now, end_ns_) && may_ask()) {
    backlog_.push_back(next_due_ns_);
    next_due_ns_ += to_ns(arrivals_.exponential(1 / phase_->rate));
    while (!free_.empty() && !backlog_.empty()) {
      const ConnId id = free_.front();
      Conn& conn = conns_[id];
      free_.pop_front();
      --conn.free_slots;
      if (conn.fd < 0) continue;  // Its slots come back when it does.
      const std::int64_t due = backlog_.front();
      backlog_.pop_front();
      measured_.lag.record(now_ns() - due);
      ask(conn, due);
      flush(id, conn);
    }
  }
}

// A request that waits takes the place at once; go_on() sends it.
void Load::free_slot(ConnId id) {
  if (backlog_.empty()) {
    free_.push_back(id);
    ++conns_[id].free_slots;
    return;
  }
  const std::int64_t due = backlog_.front();
  backlog_.pop_front();
  measured_.lag.record(now_ns() - due);
  ask(conns_[id], due);
}

void Load::refill_slots(ConnId id) {
  Conn& conn = conns_[id];
  while (conn.fd >= 0 && conn.free_slots + conn.owed.requests.size() < phase_->pipeline) {
    free_.push_back(id);
    ++conn.free_slots;
  }
}

// Sends output_; what the socket does not take waits in the connection.
void Load::flush(ConnId id, Conn& conn) {
  if (output_.empty()) return;
  if (!conn.unsent.empty()) {
    conn.unsent += output_;
    return output_.clear();
  }
  const ssize_t count = send(conn.fd, output_.data(), output_.size(), MSG_NOSIGNAL);
  const std::size_t sent = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count < 0 && errno != EAGAIN) {
    output_.clear();
    return;  // The reading side will see the end and count it.
  }
  if (sent < output_.size()) {
    conn.unsent.assign(output_, sent);
    watch(id, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }
  output_.clear();
}

std::expected<void, std::string> Load::open(ConnId id) {
  const Opened opened = connect_to(options_.server);
  if (!opened) return std::unexpected(opened.error());
  Conn& conn = conns_[id];
  conn.fd = *opened;
  conn.asked = 0;
  watch(id, EPOLLIN, EPOLL_CTL_ADD);
  return {};
}

void Load::reopen(ConnId id, Conn& conn) {
  close(conn.fd);
  conn.fd = -1;
  conn.carry.clear();
  conn.unsent.clear();
  if (open(id)) return;
  ++measured_.counts.connect_failures;
  dead_.push_back(id);
}

void Load::reopen_dead(std::int64_t now) {
  if (now < reopen_at_ns_) return;
  reopen_at_ns_ = now + reopen_interval_ns;
  std::vector<ConnId> waiting;
  waiting.swap(dead_);
  for (const ConnId id : waiting) {
    if (!open(id)) {
      ++measured_.counts.connect_failures;
      dead_.push_back(id);
      continue;
    }
    if (id >= options_.active) continue;
    if (phase_->rate > 0) {
      refill_slots(id);
    } else {
      go_on(id, conns_[id]);
    }
  }
}

// The connection is gone and what it owed with it: counted in `counter`.
void Load::lose(ConnId id, Conn& conn, std::uint64_t& counter) {
  counter += conn.owed.requests.size();
  owed_total_ -= conn.owed.requests.size();
  conn.owed.clear();
  conn.carry.clear();
  conn.unsent.clear();
  close(conn.fd);
  conn.fd = -1;
  dead_.push_back(id);
}

void Load::watch(ConnId id, std::uint32_t events, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.u32 = id;
  (void)epoll_ctl(epoll_, operation, conns_[id].fd, &event);
}

}  // namespace ringway::bench
