// See explanation.h. The asserts are the promise of `explain`: what it tells and what
// the plan says are one.
#include "explain/explanation.h"

#include <fmt/format.h>

#include "ringway/base/assert.h"
#include "ringway/route/shard_route.h"

#include "explain/key_text.h"

namespace ringway::cli {
namespace {

ExplainedStep explained(const route::Step& step, Bytes key, route::Live live) {
  const pool::Pool& pool = *step.pool;
  const ring::KeyHash hash = route::ShardRoute::hash_of(pool, {.key = key});
  const route::PoolLive& now = live[pool.number];
  const std::uint32_t home = pool.distribution->pick(hash, now.joined).value();
  // A backup, or an owner that is out, stands where the owner's own vnode is.
  const bool walked = step.stand_in && step.member < pool.member_count;
  auto trace = pool.distribution->trace(hash, walked ? now.live : now.joined);
  RINGWAY_ASSERT(trace.has_value());
  RINGWAY_ASSERT(trace->server == (walked ? step.member : home));
  RINGWAY_ASSERT(pool.servers[step.member].id == step.server);
  trace->home = home;
  return {step.verb, &pool, pool.tag.part(key), hash, *trace, step, !now.live.live(home)};
}

// Where on the circle or among the slots; servers without any get keys only when no
// other is left.
std::string place(const ExplainedStep& step) {
  const pool::Pool& pool = *step.pool;
  const std::string& distribution = pool.settings.distribution;
  if (step.last_resort()) {
    return fmt::format("none of {}: the last resort", distribution);
  }
  if (step.has_slot()) return fmt::format("slot {} of {}", step.trace.point, distribution);
  return fmt::format("{} of {}, vnode {} of {}", step.point_text(), distribution, step.trace.vnode,
                     step.server().name);
}

void add_step(const ExplainedStep& step, Bytes key, std::string& out) {
  const auto add = [&out](std::string_view name, std::string_view value) {
    out += fmt::format("  {:<9} {}\n", name, value);
  };
  const pool::Pool& pool = *step.pool;
  add("pool", pool.name());
  if (pool.tag.enabled) {
    const bool whole = step.hashed.size() == key.size();
    add("tag", fmt::format("{}: {}", pool.settings.hash_tag,
                           whole ? "none, all of the key is hashed" : shown(step.hashed)));
  }
  add("hash", fmt::format("{}: 64 bits 0x{:016x}, 32 bits 0x{:08x}", pool.settings.hash,
                          step.hash.wide, step.hash.narrow));
  add("point", place(step));
  add("server", step.server().label);
  if (step.verb != route::Verb::try_) add("verb", word(step.verb));
  if (step.step.stand_in) {
    add("for", fmt::format("{}, which is out", step.home().label));
  } else if (step.home_out) {
    add("out", "it takes no traffic now, and the pool's eject.mode gives its keys to nobody");
  }
}

std::vector<std::string> warnings_of(const Explanation& explanation) {
  std::vector<std::string> warnings;
  const pool::Pool& pool = explanation.listener->route->pool();
  if (pool.settings.protocol == config::Protocol::memcached) {
    if (auto why = why_not_memcached(explanation.key); !why.empty()) warnings.push_back(why);
  }
  if (pool.distribution->wants_chance()) {
    warnings.push_back("each request goes to a server by chance: this is one of them");
  }
  if (explanation.steps.empty()) {
    warnings.push_back(fmt::format("no server of pool '{}' owns keys", pool.name()));
  }
  return warnings;
}

}  // namespace

std::string_view word(route::Verb verb) {
  switch (verb) {
    case route::Verb::try_: return "try";
    case route::Verb::all: return "all";
    case route::Verb::tell: return "tell";
  }
  return "";
}

std::string ExplainedStep::point_text() const {
  return fmt::format("0x{:0{}x}", trace.point, pool->settings.distribution == "ring" ? 16 : 8);
}

Explanation explain(const snapshot::Listener& listener, Bytes key, route::Live live) {
  Explanation explanation{key, &listener, {}, {}};
  route::Plan plan;
  listener.route->plan({.key = key}, live, plan);
  for (const route::Step& step : plan.steps()) {
    explanation.steps.push_back(explained(step, key, live));
  }
  explanation.warnings = warnings_of(explanation);
  return explanation;
}

std::string as_text(const Explanation& explanation) {
  std::string out = shown(explanation.key) + "\n";
  out += fmt::format("  {:<9} {}\n", "listener", explanation.listener->settings.name);
  out += fmt::format("  {:<9} {}\n", "route", explanation.listener->route->name());
  for (const ExplainedStep& step : explanation.steps) add_step(step, explanation.key, out);
  for (const std::string& warning : explanation.warnings) {
    out += fmt::format("  {:<9} {}\n", "warning", warning);
  }
  return out;
}

}  // namespace ringway::cli
