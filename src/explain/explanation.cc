// See explanation.h. The asserts are the promise of `explain`: what it tells and what
// the plan says are one.
#include "explain/explanation.h"

#include <fmt/format.h>

#include "ringway/base/assert.h"
#include "ringway/route/shard_route.h"

#include "explain/key_text.h"

namespace ringway::cli {
namespace {

ExplainedStep explained(const pool::Pool& pool, const route::Part& step, Bytes key,
                        route::Live live) {
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
  return {&pool, pool.tag.part(key), hash, *trace, step, !now.live.live(home)};
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
  if (step.step.stand_in) {
    add("for", fmt::format("{}, which is out", step.home().label));
  } else if (step.home_out) {
    add("out", "it takes no traffic now, and the pool's eject.mode gives its keys to nobody");
  }
}

// A line for each part, with its number, under the part that it stands in.
void add_tree(const Explanation& explanation, std::string& out) {
  const route::Plan& plan = explanation.plan;
  std::vector<std::size_t> depths;
  auto step = explanation.steps.begin();
  for (const route::Part& part : plan.parts()) {
    depths.push_back(part.parent == route::Part::none ? 0 : depths[part.parent] + 1);
    std::string line(2 * depths.back(), ' ');
    if (const std::string gate = gate_text(part); !gate.empty()) line += "[" + gate + "] ";
    if (part.verb != route::Verb::ask) {
      line += word(part.verb);
    } else {
      line += fmt::format("{}  {} of pool {}", word(part.form), step->server().label,
                          step->pool->name());
      ++step;
    }
    if (part.need != route::Part::every) line += fmt::format(", {} good", part.need);
    const std::string_view name = depths.size() == 1 ? "plan" : "";
    out += fmt::format("  {:<9} {:>2}  {}\n", name, depths.size(), line);
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

std::string gate_text(const route::Part& part) {
  const auto named = [](proto::Outcomes outcomes) {
    std::string names;
    for (std::size_t i = 0; i < proto::outcome_count; ++i) {
      if (!outcomes.has(static_cast<proto::Outcome>(i))) continue;
      names += names.empty() ? "" : "|";
      names += proto::outcome_words[i];
    }
    return names;
  };
  const auto shorter = [&](proto::Outcomes outcomes) {
    if (outcomes == proto::any_outcome) return std::string{};
    const std::string these = named(outcomes);
    const std::string not_those = "not " + named(~outcomes);
    return not_those.size() < these.size() ? not_those : these;
  };
  std::string text = shorter(part.gate);
  if (part.of == route::Part::none) return text;
  if (!text.empty()) text += ", ";
  return text + fmt::format("part {}: {}", part.of + 1, shorter(part.when));
}

std::string ExplainedStep::point_text() const {
  return fmt::format("0x{:0{}x}", trace.point, pool->settings.distribution == "ring" ? 16 : 8);
}

Explanation explain(const snapshot::Snapshot& snapshot, const snapshot::Listener& listener,
                    Bytes key, route::Live live) {
  Explanation explanation{key, &listener, {}, {}, {}};
  listener.route->plan({.key = key}, live, explanation.plan);
  for (const route::Part& part : explanation.plan.parts()) {
    if (part.verb != route::Verb::ask) continue;
    explanation.steps.push_back(explained(*snapshot.pools[part.pool], part, key, live));
  }
  explanation.warnings = warnings_of(explanation);
  return explanation;
}

std::string as_text(const Explanation& explanation) {
  std::string out = shown(explanation.key) + "\n";
  out += fmt::format("  {:<9} {}\n", "listener", explanation.listener->settings.name);
  out += fmt::format("  {:<9} {}\n", "route", explanation.listener->route->name());
  if (explanation.plan.size() > 1) add_tree(explanation, out);
  for (const ExplainedStep& step : explanation.steps) add_step(step, explanation.key, out);
  for (const std::string& warning : explanation.warnings) {
    out += fmt::format("  {:<9} {}\n", "warning", warning);
  }
  return out;
}

}  // namespace ringway::cli
