// Read from several HTTP threads at once: only from atomics, from the registry,
// and from the snapshot, which does not change and is held meanwhile.
#include "daemon/status.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "ringway/config/units.h"

#include "daemon/pool_status.h"
#include "reload/restart.h"

namespace ringway::cli {

using metrics::WorkerMetric;
using nlohmann::json;

namespace {

json listeners_json(const snapshot::Snapshot& snapshot, const proxy::ListenerLoads& loads) {
  json listeners = json::array();
  for (const snapshot::Listener& listener : snapshot.listeners) {
    listeners.push_back({{"name", listener.settings.name},
                         {"route", listener.route->name()},
                         {"retiring", listener.retiring},
                         {"clients", loads[listener.id].clients.load()}});
  }
  return listeners;
}

// Null: nothing waits for its time.
json applies_at(const reload::Control& control) {
  const std::int64_t at = control.applies_at();
  return at == 0 ? json() : json(config::print_time(at));
}

json time_of(std::chrono::system_clock::time_point at) {
  return config::print_time(std::chrono::system_clock::to_time_t(at));
}

std::string_view word(reload::Ending ending) {
  switch (ending) {
    case reload::Ending::done: return "done";
    case reload::Ending::unchanged: return "unchanged";
    case reload::Ending::scheduled: return "scheduled";
    case reload::Ending::refused: return "refused";
    case reload::Ending::failed: return "failed";
    case reload::Ending::stopping: break;
  }
  return "stopping";
}

json last_reload(const reload::Account& account) {
  if (!account.last) return nullptr;
  const reload::LastReload& last = *account.last;
  return {{"at", config::print_time(last.at.count())},
          {"outcome", word(last.outcome.ending)},
          {"ok", last.outcome.good()},
          {"file", last.file},
          {"text", last.outcome.text}};
}

// What runs, and what is written.
void add_configuration(json& status, const reload::InForce& present,
                       const reload::Account& account) {
  status["config_hash"] = present.fingerprint;
  status["file"] = present.written->file;
  status["file_hash"] = account.file_hash.empty() ? json(nullptr) : json(account.file_hash);
  status["file_differs"] = account.differs;
  status["restart_pending"] = reload::needing_restart(*present.started, *present.written);
  status["last_reload"] = last_reload(account);
}

}  // namespace

Status::Status(const reload::Control& control, worker::Shared& shared, const Pulse& pulse,
               std::vector<std::string> engines)
    : control_(control), shared_(shared), pulse_(pulse), engines_(std::move(engines)) {
  const auto at = started_at_.time_since_epoch();
  shared_.registry.set_start_time(std::chrono::duration<double>(at).count());
  using metrics::ProcessMetric;
  for (const auto& [metric, engine] : {std::pair{ProcessMetric::workers_uring, "io_uring"},
                                       std::pair{ProcessMetric::workers_epoll, "epoll"}}) {
    shared_.registry.set_process(metric, static_cast<double>(std::ranges::count(engines_, engine)));
  }
  shared_.registry.set_process(ProcessMetric::admin_refused, 0);
}

void Status::count_refused() {
  shared_.registry.set_process(metrics::ProcessMetric::admin_refused,
                               static_cast<double>(++refused_));
}

// Each worker's: they switch one after another.
std::vector<std::uint64_t> Status::generations() const {
  std::vector<std::uint64_t> generations;
  for (const auto& report : shared_.reports) generations.push_back(report->generation.load());
  return generations;
}

std::string Status::metrics_text() {
  return shared_.registry.exposition(board_figures(*control_.snapshot(), shared_.board));
}

bool Status::ready(std::string& why_not) {
  if (control_.ready()) {
    why_not = "the names of servers are being looked up";
    return control_.names_known();
  }
  why_not = control_.phase() == reload::Phase::starting ? "starting" : "stopping";
  return false;
}

std::string Status::status_json() {
  std::string why_not;
  const metrics::Registry& registry = shared_.registry;
  const reload::InForce present = control_.present();
  const snapshot::Snapshot& snapshot = *present.snapshot;
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started_;
  json status = {{"version", RINGWAY_VERSION},
                 {"ready", ready(why_not)},
                 {"started_at", time_of(started_at_)},
                 {"uptime_seconds", uptime.count()},
                 {"io", engines_[0]},
                 {"engines", engines_},
                 {"workers", shared_.size()},
                 {"generation", snapshot.generation},
                 {"generations", generations()},
                 {"apply_at", applies_at(control_)},
                 {"clients", shared_.clients()},
                 {"requests", registry.total(WorkerMetric::requests)},
                 {"listeners", listeners_json(snapshot, shared_.loads)},
                 {"pools", json::array()}};
  add_configuration(status, present, control_.account());
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<Duration>(since_boot)};
  for (const auto& pool : snapshot.pools) {
    status["pools"].push_back(pool_status(*pool, shared_, now));
  }
  // Whatever bytes found a way here, somebody reads this because of trouble.
  return status.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace ringway::cli
