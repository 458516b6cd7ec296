// See check.h. The loader finds what is wrong; the advice about hashes and rings is
// added here, at the place of the pool that it concerns.
#include "cli/check.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "ringway/config/load.h"
#include "ringway/ring/advice.h"

#include "cli/crowd.h"
#include "cli/import.h"
#include "net/address.h"
#include "net/resolver.h"
#include "reload/placement.h"

namespace ringway::cli {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<std::string> advice_for(const config::Pool& pool) {
  const hash::HashFunction* function = hash::find(pool.hash);
  auto sentences = ring::advice(*function, pool.distribution, reload::members_of(pool));
  const auto vnodes = reload::PoolPlacement(pool).vnodes_per_weight();
  if (pool.distribution == "ring" && vnodes < reload::vnodes_per_weight_full) {
    sentences.push_back(fmt::format(
        "its weights are so great that a unit of weight has {} vnodes instead of {}: whenever "
        "that number changes, keys move; divide all weights by a common number",
        vnodes, reload::vnodes_per_weight_full));
  }
  return sentences;
}

void add_advice(const config::Config& config, config::Problems& problems) {
  for (const config::Pool& pool : config.pools) {
    for (const std::string& sentence : advice_for(pool)) {
      problems.push_back({pool.where, fmt::format("pool '{}': {}", pool.name, sentence), "",
                          config::Severity::warning});
    }
  }
}

// Each name is asked for once, however many servers have it.
void add_unresolved(const config::Config& config, config::Problems& problems) {
  std::map<std::string, net::Answer> answers;
  for (const config::Pool& pool : config.pools) {
    for (const config::Server& server : pool.servers) {
      if (net::Address::parse(server.address)) continue;
      const auto [answer, is_new] = answers.try_emplace(server.address);
      if (is_new) answer->second = net::looked_up(server.address);
      if (!answer->second.addresses.empty()) continue;
      problems.push_back(
          {server.where,
           fmt::format("pool '{}': server {} {}", pool.name, server.address, answer->second.why),
           "correct the name, or check without --strict-dns"});
    }
  }
}

// A pool's advice goes among the problems of its file.
void sort_by_place(const config::Config& config, config::Problems& problems) {
  std::ranges::stable_sort(problems, {}, [&](const config::Problem& problem) {
    const auto file = std::ranges::find(config.files, problem.where.file) - config.files.begin();
    return std::tuple(file, problem.where.line, problem.where.column);
  });
}

std::string verdict(const std::string& file, const config::Loaded& loaded) {
  const auto errors = static_cast<std::size_t>(
      std::ranges::count(loaded.problems, config::Severity::error, &config::Problem::severity));
  const auto warnings = loaded.problems.size() - errors;
  const auto and_warnings = warnings == 0 ? "" : ", " + counted(warnings, "warning");
  if (errors > 0) return fmt::format("{}: {}{}", file, counted(errors, "error"), and_warnings);
  std::size_t servers = 0;
  for (const config::Pool& pool : loaded.config->pools) servers += pool.servers.size();
  return fmt::format("{}: ok: {}, {}, {}{}", file, counted(loaded.config->pools.size(), "pool"),
                     counted(servers, "server"),
                     counted(loaded.config->listeners.size(), "listener"), and_warnings);
}

}  // namespace

int check(const CheckOptions& options, Streams streams) {
  config::Loaded loaded = load_any(options.file);
  if (loaded.config) {
    add_advice(*loaded.config, loaded.problems);
    if (options.strict_dns) add_unresolved(*loaded.config, loaded.problems);
    if (options.instances > 0) add_crowds(*loaded.config, options.instances, loaded.problems);
    sort_by_place(*loaded.config, loaded.problems);
  }
  for (const config::Problem& problem : loaded.problems) streams.err << text(problem) << "\n";
  std::ostream& told = options.print ? streams.err : streams.out;
  if (loaded.config && options.instances > 0) {
    told << crowds_text(*loaded.config, options.instances);
  }
  if (options.print && loaded.config) streams.out << printed(*loaded.config);
  told << verdict(options.file, loaded) << "\n";
  return loaded.config && !config::any_error(loaded.problems) ? exit_ok : exit_error;
}

}  // namespace ringway::cli
