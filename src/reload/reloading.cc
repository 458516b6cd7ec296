// The stages, each a function that does what is due and moves on. Work that takes long is
// given away whole: it gets copies, and leaves its result in a value that nobody else
// touches until the environment says that it is done.
#include "reload/reloading.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <utility>

#include "ringway/config/units.h"

#include "log/log.h"
#include "reload/restart.h"

namespace ringway::reload {
namespace {

// A line each; the log's lines have no line's end.
template <typename Log>
void log_lines(std::string_view text, Log log) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    log(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view event_of(Ending ending) {
  switch (ending) {
    case Ending::done: return "reload_done";
    case Ending::unchanged: return "reload_unchanged";
    case Ending::scheduled: return "reload_scheduled";
    case Ending::refused: return "reload_refused";
    case Ending::failed: return "reload_failed";
    case Ending::stopping: break;
  }
  return "reload_stopping";
}

}  // namespace

std::future<Outcome> Reloading::order(bool accept_moved) {
  auto outcome = orders_.place(accept_moved);
  env_.wake();
  return outcome;
}

void Reloading::start(std::uint64_t content) {
  content_ = seen_ = content;
  const InForce present = published_.get();
  published_.give({.last = std::nullopt, .file_hash = present.file_hash, .differs = false});
  if (const auto watch = present.written->reload.watch) look_at_ = env_.now() + *watch;
  count(Ending::done);
}

void Reloading::end() {
  ended_ = true;
  orders_.close();
  for (Order& order : orders_.take()) asked_.push_back(std::move(order));
  // At once: what is being prepared may hang for ever, and an HTTP thread waits for it.
  answer({Ending::stopping, "ringway is stopping\n"});
  if (busy()) return;
  if (stage_ == Stage::locating) close_sockets(candidate_->opened, env_);
  stage_ = Stage::idle;
}

void Reloading::step() {
  if (stage_ == Stage::looking && !env_.working()) on_looked();
  if (stage_ == Stage::preparing && !env_.working()) on_prepared();
  if (stage_ == Stage::locating) on_located();
  if (stage_ == Stage::switching) on_switched();
  if (stage_ != Stage::idle) return;
  // Not while a candidate is under way: it may have taken up again what was to be released.
  server_ids_.release();
  if (!ended_) begin_if_asked();
}

Instant Reloading::next() const {
  const Instant now = env_.now();
  if (busy()) return now + std::chrono::milliseconds(50);  // It wakes us before.
  if (stage_ == Stage::locating || stage_ == Stage::switching) {
    return now + std::chrono::milliseconds(1);
  }
  Instant next = look_at_;
  if (scheduled_.written) next = std::min(next, now + std::chrono::milliseconds(100));
  if (server_ids_.waiting() > 0) next = std::min(next, now + std::chrono::milliseconds(100));
  return next;
}

// --- Beginning ------------------------------------------------------------------

bool Reloading::schedule_is_due() const {
  return scheduled_.written && env_.now() >= scheduled_.tried_again_at &&
         std::chrono::floor<std::chrono::seconds>(env_.since_1970()) >= scheduled_.at;
}

void Reloading::schedule(Scheduled scheduled) {
  const bool same = scheduled.written && scheduled_.written && scheduled.at == scheduled_.at &&
                    config::placeless(*scheduled.written) == config::placeless(*scheduled_.written);
  const bool replaced = scheduled_.written && !request_.written && !same;
  if (replaced) {
    log::tell(log::Level::info, {.name = "schedule_dropped"}, "what waited for {} is dropped",
              config::print_time(applies_at()));
  }
  scheduled_ = std::move(scheduled);
  if (scheduled_.written) {
    names_.keep_only(*published_.get().snapshot);
    names_.expect(*scheduled_.written);
  }
  applies_at_ = scheduled_.written ? scheduled_.at.count() : 0;
}

void Reloading::begin_if_asked() {
  if (!orders_.empty()) {
    std::vector<Order> asked = orders_.take();
    const bool accept_moved = std::ranges::any_of(asked, &Order::accept_moved);
    return begin({.accept_moved = accept_moved, .written = nullptr}, std::move(asked));
  }
  if (unfinished_ && std::exchange(unfinished_->due, false)) {
    return begin({.accept_moved = unfinished_->accept_moved,
                  .written = nullptr,
                  .again = true,
                  .accepted = unfinished_->content},
                 {});
  }
  if (schedule_is_due()) {
    return begin({.accept_moved = true, .written = scheduled_.written}, {});
  }
  if (listeners_.any_over() || listeners_.take_lost()) {
    return begin({.accept_moved = true, .written = published_.get().written, .sweep = true}, {});
  }
  if (env_.now() >= look_at_) begin_look();
}

void Reloading::begin(ReloadRequest request, std::vector<Order> asked) {
  request_ = request;
  asked_ = std::move(asked);
  candidate_ = std::make_shared<Candidate>();
  stage_ = Stage::preparing;
  if (!request_.sweep) ++begun_;
  const auto begun =
      env_.begin([candidate = candidate_, present = published_.get(),
                  sockets = listeners_.sockets(), request = std::move(request), &shared = shared_,
                  &env = env_] { *candidate = prepare(present, sockets, request, shared, env); });
  if (begun) return;
  candidate_->ending = Outcome{Ending::failed, begun.error() + "\n"};
  candidate_->outside = true;
}

// --- Watching -------------------------------------------------------------------

void Reloading::begin_look() {
  stage_ = Stage::looking;
  looked_ = std::make_shared<std::optional<std::uint64_t>>();
  const auto begun = env_.begin([looked = looked_, &env = env_] {
    try {
      *looked = env.load().content;
    } catch (const std::exception&) {  // The next look may have more memory.
    }
  });
  if (begun) return;
  log::tell(log::Level::warning, {.name = "look_failed", .cause = begun.error()},
            "cannot look for changes: {}", begun.error());
}

// A change is believed when two looks in a row see the same.
void Reloading::on_looked() {
  stage_ = Stage::idle;
  const auto looked = *std::exchange(looked_, nullptr);
  const auto watch = published_.get().written->reload.watch;
  look_at_ = watch ? env_.now() + *watch : never;
  if (!looked) return;
  const std::uint64_t content = *looked;
  const bool seen_before = std::exchange(seen_, content) == content;
  if (content == content_) {
    if (unfinished_) unfinished_->due = true;
    return;
  }
  if (!seen_before) {
    look_at_ = std::min(look_at_, env_.now() + look_again);
    return;
  }
  log::tell(log::Level::info, {.name = "reload_begun"},
            "the configuration's files have changed: reloading");
  orders_.place(false);
}

// --- Coming into force ----------------------------------------------------------

// Whether it is one that is counted already: the same, tried again by itself.
bool Reloading::note_failure(bool other_content) {
  if (request_.sweep) return false;
  const bool failed = !candidate_->ending->good();
  if (request_.written) {
    scheduled_.tried_again_at = env_.now() + try_again;
    return failed && std::exchange(scheduled_.failed, true);
  }
  unfinished_.reset();
  const bool accepted = request_.accept_moved && !(request_.again && other_content);
  if (failed && candidate_->outside) unfinished_ = Unfinished{accepted, content_, false};
  return unfinished_ && request_.again && !other_content;
}

// The last thing that can fail, and here because a socket may be closed by this thread alone.
void Reloading::adjust_listeners() {
  const auto problems = listeners_.adjust(candidate_->listeners.to_adjust);
  if (problems.empty()) return;
  close_sockets(std::exchange(candidate_->opened, {}), env_);
  server_ids_.given_up(*candidate_->next.snapshot, *published_.get().snapshot);
  std::string lines;
  for (const config::Problem& problem : problems) lines += text(problem) + "\n";
  candidate_->ending = Outcome{Ending::failed, lines + "the configuration stays as it was\n"};
  candidate_->outside = true;
}

void Reloading::on_prepared() {
  const std::uint64_t content = candidate_->content;
  const bool other_content = content != 0 && content != content_;
  if (content != 0) content_ = seen_ = content;
  if (!request_.again || other_content) {
    log_lines(candidate_->warnings, [](std::string_view at) {
      log::tell(log::Level::warning, {.name = "reload_warning", .cause = std::string(at)},
                "reload: {}", at);
    });
  }
  if (ended_) {
    close_sockets(candidate_->opened, env_);
    stage_ = Stage::idle;
    return;
  }
  if (!candidate_->ending) adjust_listeners();
  if (candidate_->ending) {
    const Outcome outcome = *candidate_->ending;
    const bool again = note_failure(other_content);
    if (outcome.good()) schedule({candidate_->apply_at, candidate_->scheduled, {}});
    return end_with(outcome, again);
  }
  if (!request_.written) unfinished_.reset();
  if (!request_.sweep) schedule({});
  names_.locate(*candidate_->next.snapshot);
  locating_until_ = env_.now() + locating_max;
  stage_ = Stage::locating;
}

// A name that does not resolve costs the others two seconds, no more.
void Reloading::on_located() {
  names_.step();
  const bool known = names_.located(*candidate_->next.snapshot);
  if (!known && env_.now() < locating_until_) return;
  switch_over();
}

// Servers that workers will hear of for the first time. In a pool that goes on they prove
// themselves first, as long as there is somebody to have their keys meanwhile.
void Reloading::introduce(const pool::Pool& pool, const pool::Pool* before) {
  const auto known = [&](const pool::Server& server) {
    return before && std::ranges::count(before->servers, server.id, &pool::Server::id) > 0;
  };
  // Neither a backup, which owns no keys, nor one that this very reload takes out.
  const auto serves = [&](const pool::Server& server) {
    return known(server) && !server.backup && server.state == config::ServerState::up &&
           shared_.board.standing(server.id) == proxy::Standing::up;
  };
  const bool others = std::ranges::any_of(pool.servers, serves);
  const bool checked = pool.settings.health.check != config::Check::off;
  for (const pool::Server& server : pool.servers) {
    if (known(server)) {
      // It may have been joining those that this reload takes out.
      const bool alone = !others && shared_.board.standing(server.id) == proxy::Standing::joining;
      const bool wanted = shared_.board.asked(server.id) == config::ServerState::up;
      if (alone && wanted) states_.introduce(server);
      continue;
    }
    states_.introduce(server);
    if (others && checked) shared_.board.set_joining(server.id);
  }
}

// The new snapshot before the new sockets: whoever is accepted there finds its listener.
void Reloading::switch_over() {
  const snapshot::Snapshot& next = *candidate_->next.snapshot;
  before_ = published_.put(candidate_->next);
  for (const auto& pool : next.pools) introduce(*pool, before_.snapshot->pool(pool->name()));
  // Whom the file takes out shall be out before anybody asks it for its new keys.
  states_.adopt(next, false);
  shared_.post_all(worker::Adopt{&next});
  listeners_.take_over(candidate_->listeners, std::move(candidate_->opened),
                       before_.snapshot->config.router.drain_timeout);
  server_ids_.switched(before_.snapshot, next);
  log::set_level(candidate_->next.written->log.level);
  stage_ = Stage::switching;
}

void Reloading::on_switched() {
  const std::uint64_t generation = candidate_->next.snapshot->generation;
  const auto runs_it = [&](const auto& report) {
    return report->generation.load(std::memory_order_acquire) >= generation;
  };
  if (!std::ranges::all_of(shared_.reports, runs_it) || !listeners_.settled()) return;
  // Nobody but an HTTP thread that is looking at it may still hold the old one.
  before_ = {};
  names_.keep_only(*candidate_->next.snapshot);
  if (scheduled_.written) names_.expect(*scheduled_.written);
  const auto watch = candidate_->next.written->reload.watch;
  look_at_ = watch ? env_.now() + *watch : never;
  const std::string summary = candidate_->summary;
  if (request_.sweep) {
    log::tell(log::Level::debug, {.name = "listeners_forgotten"},
              "generation {}: listeners whose clients have left are forgotten", generation);
    return end_with({Ending::done, ""});
  }
  end_with({Ending::done, fmt::format("reloaded, generation {}: {}\n", generation, summary)});
}

// What was read last, whatever became of it.
void Reloading::note_read() {
  Account account = published_.account();
  if (candidate_->read) account.file_hash = candidate_->file_hash;
  account.differs = account.file_hash != published_.get().file_hash;
  published_.give(std::move(account));
}

// Of what was refused or failed: an operator would think that it is harmless now.
std::string Reloading::on_disk() const {
  const Account account = published_.account();
  if (!candidate_->read || !account.differs) return "";
  if (account.file_hash.empty()) {
    return "the file on disk is not what runs, and a restart would fail on it\n";
  }
  // What failed for a reason outside the file may fail then, too.
  return candidate_->outside ? "the file on disk is not what runs: a restart would try it\n"
                             : "the file on disk is not what runs: a restart would take it\n";
}

void Reloading::end_with(Outcome outcome, bool again) {
  stage_ = Stage::idle;
  note_read();
  if (!outcome.good()) outcome.text += on_disk();
  const std::string text = candidate_->warnings + outcome.text;
  candidate_.reset();
  const bool told = again && request_.again;  // The log of what waits for its time says each try.
  if (!request_.sweep && !told) {
    log_lines(outcome.text, [&](std::string_view line) {
      log::Event event{.name = event_of(outcome.ending)};
      if (outcome.good()) return log::write(log::Level::info, std::string(line), std::move(event));
      event.cause = line;
      log::tell(log::Level::error, std::move(event), "reload: {}", line);
    });
    if (!again) keep(outcome);
  }
  // A sweep is tried again and again, and nobody asked for it.
  if (request_.sweep && std::exchange(sweep_told_, outcome.text) != outcome.text) {
    log_lines(outcome.text, [](std::string_view line) {
      log::write(log::Level::error, std::string(line),
                 {.name = "sweep_failed", .cause = std::string(line)});
    });
  }
  request_ = {};
  answer({outcome.ending, text});
}

void Reloading::answer(const Outcome& outcome) {
  for (Order& order : std::exchange(asked_, {})) order.outcome.set_value(outcome);
}

void Reloading::keep(const Outcome& outcome) {
  Account account = published_.account();
  account.last = LastReload{.at = std::chrono::floor<std::chrono::seconds>(env_.since_1970()),
                            .outcome = outcome,
                            .file = published_.get().written->file};
  published_.give(std::move(account));
  count(outcome.ending);
}

// The hash is told by its first 48 bits: a number of Prometheus holds no more.
void Reloading::count(Ending ending) {
  using metrics::ProcessMetric;
  metrics::Registry& registry = shared_.registry;
  const bool bad = ending == Ending::refused || ending == Ending::failed;
  if (bad) ++failures_;
  registry.set_process(ProcessMetric::config_reload_failures, static_cast<double>(failures_));
  registry.set_process(ProcessMetric::config_last_reload_ok, bad ? 0 : 1);
  if (ending != Ending::done && ending != Ending::unchanged) return;
  const InForce present = published_.get();
  const std::uint64_t hash = std::stoull(present.fingerprint, nullptr, 16) >> 16U;
  registry.set_process(ProcessMetric::config_hash, static_cast<double>(hash));
  const auto waiting = needing_restart(*present.started, *present.written);
  registry.set_process(ProcessMetric::config_restart_pending, static_cast<double>(waiting.size()));
  registry.set_process(ProcessMetric::config_last_success,
                       std::chrono::duration<double>(env_.since_1970()).count());
}

}  // namespace ringway::reload
