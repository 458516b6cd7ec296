// See check.h. The loader, the judge and the advisers find what is wrong; here it is put
// together and counted.
#include "cli/check.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>

#include "ringway/base/plain_text.h"
#include "ringway/config/load.h"

#include "cli/fleet_load.h"
#include "cli/name_answers.h"
#include "import/import.h"
#include "net/address.h"
#include "reload/advice.h"
#include "reload/judge.h"

namespace ringway::cli {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void take_as_errors(config::Problems& problems) {
  for (config::Problem& problem : problems) problem.severity = config::Severity::error;
}

// Each name is asked for once, however many servers have it, and all at once.
void add_unresolved(const config::Config& config, config::Problems& problems) {
  std::map<std::string, net::Answer> answers;
  for (const config::Pool& pool : config.pools) {
    for (const config::Server& server : pool.servers) {
      if (!net::Address::parse(server.address)) answers.try_emplace(server.address);
    }
  }
  look_all_up(answers);
  for (const config::Pool& pool : config.pools) {
    for (const config::Server& server : pool.servers) {
      const auto answer = answers.find(server.address);
      if (answer == answers.end() || !answer->second.addresses.empty()) continue;
      problems.push_back(
          {server.where,
           fmt::format("pool '{}': server {} {}", pool.name, server.address, answer->second.why),
           "correct the name, or check without --strict-dns"});
    }
  }
}

std::string verdict(const std::string& file, const config::Loaded& loaded) {
  const auto errors = static_cast<std::size_t>(
      std::ranges::count(loaded.problems, config::Severity::error, &config::Problem::severity));
  const auto warnings = loaded.problems.size() - errors;
  const auto and_warnings = warnings == 0 ? "" : ", " + counted(warnings, "warning");
  const std::string name = visible(file);
  if (errors > 0) return fmt::format("{}: {}{}", name, counted(errors, "error"), and_warnings);
  std::size_t servers = 0;
  for (const config::Pool& pool : loaded.config->pools) servers += pool.servers.size();
  return fmt::format("{}: ok: {}, {}, {}{}", name, counted(loaded.config->pools.size(), "pool"),
                     counted(servers, "server"),
                     counted(loaded.config->listeners.size(), "listener"), and_warnings);
}

}  // namespace

int check(const CheckOptions& options, Streams streams) {
  config::Loaded loaded = load_any(options.file);
  if (loaded.config) {
    std::ranges::move(reload::advice(*loaded.config), std::back_inserter(loaded.problems));
    if (options.strict_dns) add_unresolved(*loaded.config, loaded.problems);
    if (options.instances > 0) add_fleet_load(*loaded.config, options.instances, loaded.problems);
    reload::judge(*loaded.config, reload::Asker::check, loaded.problems);
  }
  if (options.werror) take_as_errors(loaded.problems);
  for (const config::Problem& problem : loaded.problems) streams.err << text(problem) << "\n";
  std::ostream& told = options.print ? streams.err : streams.out;
  if (loaded.config && options.instances > 0) {
    told << fleet_text(*loaded.config, options.instances);
  }
  if (options.print && loaded.config) streams.out << printed(*loaded.config);
  told << verdict(options.file, loaded) << "\n";
  return loaded.config && !config::any_error(loaded.problems) ? exit_ok : exit_error;
}

}  // namespace ringway::cli
