// See judge.h. The list is short because the loader has told already all that the text alone
// can tell.
#include "reload/judge.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "exchange/worker_parts.h"
#include "reload/surroundings.h"

namespace ringway::reload {
namespace {

void add_too_many_listeners(const config::Config& config, config::Problems& problems) {
  if (config.listeners.size() <= proxy::listeners_max) return;
  problems.push_back({config.listeners[proxy::listeners_max].where,
                      fmt::format("more than {} listeners", proxy::listeners_max),
                      "let listeners bind several addresses, or run several ringways"});
}

}  // namespace

void judge(const config::Config& config, Asker asker, config::Problems& problems) {
  std::ranges::move(config::refusals(config), std::back_inserter(problems));
  add_too_many_listeners(config, problems);
  std::ranges::move(missing_around(config, asker), std::back_inserter(problems));
  config::sort_by_place(config.files, problems);
}

config::Loaded judged(config::Loaded loaded, Asker asker) {
  if (!loaded.config) return loaded;
  judge(*loaded.config, asker, loaded.problems);
  if (config::any_error(loaded.problems)) loaded.config.reset();
  return loaded;
}

}  // namespace ringway::reload
