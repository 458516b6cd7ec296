// See diff.h. Text for people: what changes in each section, then each pool with where
// its keys go. Sampled shares are shown with two standard errors.
#include "cli/diff.h"

#include <fmt/format.h>

#include "import/import.h"
#include "reload/interlock.h"
#include "reload/judge.h"

namespace ringway::cli {

using reload::Change;
using reload::Difference;
using reload::PoolDifference;
using reload::SectionDifference;
using reload::ServerDifference;
using reload::Setting;

namespace {

constexpr std::size_t flows_shown_max = 12;

std::string percent(double share) {
  return fmt::format("{:.1f}%", share * 100);
}

void add_settings(const std::vector<Setting>& settings, std::string& out) {
  for (const Setting& setting : settings) {
    out += fmt::format("  {}: {} -> {}\n", setting.key, setting.before, setting.after);
  }
}

void add_server(const ServerDifference& server, std::string& out) {
  if (server.change == Change::added) {
    out += fmt::format("  + server {}\n", server.label);
  } else if (server.change == Change::removed) {
    out += fmt::format("  - server {}\n", server.label);
  } else {
    out += fmt::format("  ~ server {}:", server.label);
    std::string_view comma = " ";
    for (const Setting& setting : server.settings) {
      out += fmt::format("{}{} {} -> {}", comma, setting.key, setting.before, setting.after);
      comma = ", ";
    }
    if (server.other_machine) out += "; another machine: the keys stay its, but it is cold";
    out += "\n";
  }
}

void add_movement(const ring::Movement& movement, std::string& out) {
  for (std::size_t i = 0; i < movement.flows.size() && i < flows_shown_max; ++i) {
    const ring::Flow& flow = movement.flows[i];
    out += fmt::format("  {:>6} of the keys: {} -> {}\n", percent(flow.share), flow.from, flow.to);
  }
  if (movement.flows.size() > flows_shown_max) {
    out += fmt::format("  ... and {} smaller ones\n", movement.flows.size() - flows_shown_max);
  }
  if (movement.tags_differ) {
    out += "  the hash tag changes: keys that carry a tag move too, and are not counted here\n";
  }
}

// Two standard errors: nineteen times out of twenty the truth is within.
std::string moved_text(const PoolDifference& pool) {
  const ring::Movement& movement = *pool.movement;
  const std::string moved = movement.moved == 0
                                ? "no key moves"
                                : fmt::format("{} +-{} of the keys move", percent(movement.moved),
                                              percent(2 * movement.error));
  if (pool.cold == 0) return moved;
  return moved + fmt::format(", {} stay with a name of another machine", percent(pool.cold));
}

void add_pool(const PoolDifference& pool, std::string& out) {
  out += fmt::format("pool {}: ", pool.name);
  if (pool.change == Change::added) {
    out += "added\n";
  } else if (pool.change == Change::removed) {
    out += "removed\n";
  } else {
    out += pool.change == Change::same ? "unchanged, " : "";
    out += moved_text(pool) + "\n";
    add_settings(pool.settings, out);
    for (const ServerDifference& server : pool.servers) add_server(server, out);
    if (pool.vnodes) {
      out += fmt::format("  vnodes per unit of weight: {} -> {}, which alone moves keys\n",
                         pool.vnodes->before, pool.vnodes->after);
    }
    add_movement(*pool.movement, out);
  }
}

void add_listener(const reload::ListenerMovement& listener, std::string& out) {
  out +=
      fmt::format("listener {}: {} of the keys move: it leads to pool {} and no more to pool {}\n",
                  listener.name, percent(listener.moved), listener.after, listener.before);
  if (listener.tags_differ) {
    out += "  their hash tags differ: keys that carry a tag move too, and are not counted here\n";
  }
}

void add_section(const SectionDifference& section, std::string& out) {
  out += fmt::format("[{}]", section.name);
  if (section.change == Change::added) out += " added";
  if (section.change == Change::removed) out += " removed";
  out += "\n";
  add_settings(section.settings, out);
}

std::optional<config::Config> loaded(const std::string& path, Streams streams) {
  auto loaded = load_any(path);
  for (const config::Problem& problem : loaded.problems) {
    if (problem.severity == config::Severity::error) streams.err << text(problem) << "\n";
  }
  return std::move(loaded.config);
}

// What `run` would refuse is told, but what would change is worth knowing all the same.
bool possible_here(const config::Config& config, Streams streams) {
  config::Problems problems;
  reload::judge(config, reload::Asker::check, problems);
  for (const config::Problem& problem : problems) streams.err << text(problem) << "\n";
  return !config::any_error(problems);
}

// What the reload itself would say, with that limit if there is one. It lets small pools go;
// whoever names a limit here means those, too.
std::string objection(const Difference& found, const config::Config& before, config::Config after,
                      std::optional<double> limit) {
  if (limit) after.reload.max_moved = *limit;
  if (const auto why = reload::refusal(found, before, after)) return *why;
  const bool accepted = after.reload.accept_moved == found.file_hash;
  if (!limit || accepted || found.moved() <= *limit) return "";
  return fmt::format("{} of a small pool's keys move, more than {}", percent(found.moved()),
                     percent(*limit));
}

}  // namespace

std::string as_text(const Difference& difference) {
  std::string out;
  for (const SectionDifference& section : difference.sections) add_section(section, out);
  for (const auto& listener : difference.listeners) add_listener(listener, out);
  for (const PoolDifference& pool : difference.pools) add_pool(pool, out);
  return out + fmt::format("file_hash {}\n", difference.file_hash);
}

int diff(const DiffOptions& options, Streams streams) {
  const auto before = loaded(options.before, streams);
  const auto after = loaded(options.after, streams);
  if (!before || !after) return exit_error;
  const bool possible = possible_here(*after, streams);
  const Difference found = reload::difference(*before, *after);
  streams.out << (options.json ? as_json(found) : as_text(found));
  const std::string why = objection(found, *before, *after, options.max_moved);
  if (!why.empty()) streams.err << "refused: " << why << "\n";
  if (!possible) return exit_error;
  return !why.empty() && options.max_moved ? exit_refused : exit_ok;
}

}  // namespace ringway::cli
