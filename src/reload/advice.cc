// See advice.h. What ring/advice.h says behind its last colon is the remedy: it becomes the hint
// of the problem.
#include "reload/advice.h"

#include <fmt/format.h>

#include "ringway/ring/advice.h"

#include "reload/placement.h"

namespace ringway::reload {
namespace {

void add(const config::Pool& pool, const ring::Distribution& built, config::Problems& problems) {
  const auto members = members_of(pool);
  auto sentences = ring::advice(*hash::find(pool.hash), pool.distribution, members, built);
  const auto vnodes = vnodes_per_weight(pool, members, built);
  if (pool.distribution == "ring" && vnodes < vnodes_per_weight_full) {
    sentences.push_back(fmt::format(
        "its weights are so great that a unit of weight has {} vnodes instead of {}: whenever "
        "that number changes, keys move: divide all weights by a common number",
        vnodes, vnodes_per_weight_full));
  }
  for (const std::string& sentence : sentences) {
    const auto colon = sentence.rfind(": ");
    problems.push_back({pool.where,
                        fmt::format("pool '{}': {}", pool.name, sentence.substr(0, colon)),
                        sentence.substr(colon + 2), config::Severity::warning});
  }
}

}  // namespace

config::Problems advice(const config::Config& config) {
  config::Problems problems;
  for (const config::Pool& pool : config.pools) {
    add(pool, *ring::find(pool.distribution)->build(members_of(pool)), problems);
  }
  return problems;
}

config::Problems advice(const snapshot::Snapshot& snapshot) {
  config::Problems problems;
  for (const auto& pool : snapshot.pools) add(pool->settings, *pool->distribution, problems);
  return problems;
}

}  // namespace ringway::reload
