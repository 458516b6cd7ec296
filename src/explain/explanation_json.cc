// Explanations for programs; the names of members are part of the interface, and so is
// that a file's answer and a running instance's are alike.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "explain/explanation.h"
#include "explain/key_text.h"

namespace ringway::cli {
namespace {

using nlohmann::ordered_json;

std::string in_one_line(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

ordered_json json_of(const pool::Server& server) {
  return {{"name", server.name}, {"address", server.address}, {"label", server.label}};
}

ordered_json json_of(const ExplainedStep& step, Bytes key) {
  const config::Pool& settings = step.pool->settings;
  // The word for one ask from when a plan was a list.
  ordered_json out = {{"verb", "try"}, {"pool", settings.name}};
  if (step.pool->tag.enabled) out["hash_tag"] = settings.hash_tag;
  if (step.hashed.size() != key.size()) {
    out["hashed"] = step.hashed;
    out["hashed_base64"] = base64(step.hashed);
  }
  out["hash"] = settings.hash;
  out["hash_64"] = fmt::format("0x{:016x}", step.hash.wide);
  out["hash_32"] = fmt::format("0x{:08x}", step.hash.narrow);
  out["distribution"] = settings.distribution;
  if (step.last_resort()) {
    out["last_resort"] = true;
  } else if (step.has_slot()) {
    out["slot"] = step.trace.point;
  } else {
    out["point"] = step.point_text();
    out["vnode"] = step.trace.vnode;
  }
  out["server"] = json_of(step.server());
  out["home"] = json_of(step.home());
  out["home_out"] = step.home_out;
  out["stand_in"] = step.step.stand_in;
  return out;
}

// Leaves by their place in "plan".
ordered_json json_of(const route::Plan& plan, std::uint8_t index, std::size_t& step) {
  const route::Part& part = plan[index];
  ordered_json out = {{"part", index + 1}, {"verb", word(part.verb)}};
  if (const std::string gate = gate_text(part); !gate.empty()) out["gate"] = gate;
  if (part.need != route::Part::every) out["need"] = part.need;
  if (part.verb == route::Verb::ask) {
    out["form"] = word(part.form);
    out["step"] = step++;
    return out;
  }
  out["parts"] = ordered_json::array();
  for (std::uint8_t child = part.first; child != route::Part::none; child = plan[child].next) {
    out["parts"].push_back(json_of(plan, child, step));
  }
  return out;
}

ordered_json json_of(const Explanation& explanation) {
  ordered_json out = {{"key", explanation.key},
                      {"key_base64", base64(explanation.key)},
                      {"listener", explanation.listener->settings.name},
                      {"route", explanation.listener->route->name()},
                      {"plan", ordered_json::array()},
                      {"warnings", explanation.warnings}};
  for (const ExplainedStep& step : explanation.steps) {
    out["plan"].push_back(json_of(step, explanation.key));
  }
  std::size_t step = 0;
  if (explanation.plan.size() > 1) out["tree"] = json_of(explanation.plan, 0, step);
  return out;
}

}  // namespace

std::string as_json(const std::vector<Explanation>& explanations) {
  auto all = ordered_json::array();
  for (const Explanation& explanation : explanations) all.push_back(json_of(explanation));
  return in_one_line(all);
}

Result<std::string> joined_json(const std::vector<std::string>& arrays) {
  auto all = ordered_json::array();
  for (const std::string& text : arrays) {
    const auto array = ordered_json::parse(text, nullptr, false);
    if (!array.is_array()) return failure("the answer is no list of explanations");
    for (const ordered_json& one : array) all.push_back(one);
  }
  return in_one_line(all);
}

}  // namespace ringway::cli
