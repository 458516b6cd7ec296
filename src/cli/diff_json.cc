// The same as diff.cc for programs. Shares are parts of one, all flows are listed; the
// names of members are part of the interface.
#include <nlohmann/json.hpp>

#include "cli/diff.h"

namespace ringway::cli {

using reload::Change;
using reload::Difference;
using reload::PoolDifference;
using reload::SectionDifference;
using reload::ServerDifference;
using reload::Setting;

namespace {

using nlohmann::ordered_json;

std::string_view word(Change change) {
  switch (change) {
    case Change::same: return "same";
    case Change::changed: return "changed";
    case Change::added: return "added";
    case Change::removed: return "removed";
  }
  return "";
}

ordered_json json_of(const std::vector<Setting>& settings) {
  auto all = ordered_json::array();
  for (const Setting& setting : settings) {
    all.push_back({{"key", setting.key}, {"before", setting.before}, {"after", setting.after}});
  }
  return all;
}

ordered_json json_of(const std::vector<ServerDifference>& servers) {
  auto all = ordered_json::array();
  for (const ServerDifference& server : servers) {
    all.push_back({{"server", server.label},
                   {"change", word(server.change)},
                   {"settings", json_of(server.settings)},
                   {"other_machine", server.other_machine}});
  }
  return all;
}

ordered_json json_of(const ring::Movement& movement) {
  auto flows = ordered_json::array();
  for (const ring::Flow& flow : movement.flows) {
    flows.push_back({{"from", flow.from}, {"to", flow.to}, {"share", flow.share}});
  }
  return {{"share", movement.moved},
          {"standard_error", movement.error},
          {"samples", movement.samples},
          {"tags_differ", movement.tags_differ},
          {"flows", flows}};
}

ordered_json json_of(const PoolDifference& pool) {
  ordered_json out = {{"pool", pool.name}, {"change", word(pool.change)}};
  if (!pool.movement) return out;
  out["settings"] = json_of(pool.settings);
  out["servers"] = json_of(pool.servers);
  if (pool.vnodes) out["vnodes"] = {{"before", pool.vnodes->before}, {"after", pool.vnodes->after}};
  out["moved"] = json_of(*pool.movement);
  out["cold"] = pool.cold;
  return out;
}

}  // namespace

std::string as_json(const Difference& difference) {
  ordered_json out = {{"moved_max", difference.moved()},
                      {"file_hash", difference.file_hash},
                      {"sections", ordered_json::array()},
                      {"listeners", ordered_json::array()},
                      {"pools", ordered_json::array()}};
  for (const SectionDifference& section : difference.sections) {
    out["sections"].push_back({{"section", section.name},
                               {"change", word(section.change)},
                               {"settings", json_of(section.settings)}});
  }
  for (const reload::ListenerMovement& listener : difference.listeners) {
    out["listeners"].push_back({{"listener", listener.name},
                                {"pool_before", listener.before},
                                {"pool_after", listener.after},
                                {"moved", listener.moved},
                                {"tags_differ", listener.tags_differ}});
  }
  for (const PoolDifference& pool : difference.pools) out["pools"].push_back(json_of(pool));
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ringway::cli
