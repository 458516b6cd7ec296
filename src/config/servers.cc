// See servers.h. A server's text is taken apart first and its ranges expanded
// afterwards, so that a range never hides a colon.
#include "config/servers.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "ringway/base/plain_text.h"
#include "ringway/ring/server_name.h"

#include "config/address.h"
#include "config/range.h"
#include "config/section_reader.h"

namespace ringway::config {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool is_path(std::string_view text) {
  return text.starts_with('/') || text.starts_with("unix:");
}

// "address[:weight]": where the address ends.
std::size_t address_end(std::string_view text) {
  const auto last = text.rfind(':');
  if (last == text.npos) return text.size();
  if (is_path(text)) return last > 4 && all_digits(text.substr(last + 1)) ? last : text.size();
  const auto colons = std::ranges::count(text, ':');
  const bool bracketed = text.starts_with('[');
  if (!bracketed && colons > 2) return text.size();  // An IPv6 address; it will be refused.
  const auto port = text.find(':', bracketed ? std::min(text.find(']'), text.size()) : 0);
  return port == text.npos || port == last ? text.size() : last;
}

// A server as twemproxy writes it: address:weight name, the last two optional.
Verdict split(std::string_view text, Server& server) {
  const auto space = text.find(' ');
  auto address = text.substr(0, space);
  if (space != text.npos) {
    auto name = text.substr(space);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    if (name.empty() || name.find(' ') != name.npos) {
      return Complaint{fmt::format("\"{}\" is not a server", text),
                       "write \"address:weight name\""};
    }
    server.name = name;
    server.name_given = true;
  }
  const auto end = address_end(address);
  if (end != address.size()) {
    Node weight;
    weight.kind = NodeKind::integer;
    const auto digits = address.substr(end + 1);
    if (!all_digits(digits) || digits.size() > 9) {
      return Complaint{fmt::format("\"{}\" is not a weight", digits),
                       "write \"address:weight name\"; an IPv6 address goes in brackets"};
    }
    weight.integer = std::stol(std::string(digits));
    if (auto wrong = read_value(weight, {1, weight_max}, server.weight)) return wrong;
  }
  server.address = address.substr(0, end);
  return std::nullopt;
}

// Of every source: the list, a file, a variable, the command line.
Verdict check_name(const std::string& name) {
  constexpr std::size_t name_max = 255;  // twemproxy cuts longer ones.
  if (name.size() > name_max) {
    return Complaint{fmt::format("a name of {} bytes", name.size()),
                     "the name of a server has at most 255"};
  }
  if (is_plain_text(name) && name.find(' ') == name.npos) return std::nullopt;
  return Complaint{fmt::format("the name \"{}\" is not UTF-8 without spaces and controls", name),
                   "it is a label in metrics and logs: use letters, digits and signs"};
}

Verdict settle(Server& server) {
  if (server.address.starts_with('/')) server.address = "unix:" + server.address;
  const auto address = parse_address(server.address);
  if (!address) return with_hint(address.error(), "write \"10.0.0.1:11211\"");
  if (!address->unix_socket() && address->port == 0) {
    return Complaint{fmt::format("'{}' has port 0", server.address), "write :11211"};
  }
  if (!server.name_given) server.name = ring::ketama_name(server.address);
  return check_name(server.name);
}

// One entry of the list with its ranges expanded.
Verdict expand(const Server& pattern, std::vector<Server>& into) {
  const auto addresses = expand_ranges(pattern.address);
  if (!addresses) return with_hint(addresses.error(), "split it into several entries or pools");
  const auto names = pattern.name_given ? expand_ranges(pattern.name)
                                        : std::vector<std::string>(addresses->size());
  if (!names) return with_hint(names.error(), "give as many names as there are addresses");
  if (names->size() != addresses->size()) {
    return Complaint{fmt::format("{} addresses, but {} names", addresses->size(), names->size()),
                     "give address and name ranges of the same size, or leave the name out"};
  }
  if (addresses->size() > servers_per_pool_max - into.size()) {
    return Complaint{fmt::format("a pool has at most {} servers", servers_per_pool_max),
                     "spread them over several pools"};
  }
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    Server server = pattern;
    server.address = (*addresses)[i];
    server.name = (*names)[i];
    if (auto wrong = settle(server)) return wrong;
    into.push_back(std::move(server));
  }
  return std::nullopt;
}

bool read_one(const Node& node, Server& server, Complaints& complaints) {
  server.where = node.where;
  if (node.kind == NodeKind::text) {
    const auto wrong = split(node.text, server);
    if (wrong) complaints.error(node.where, wrong->what, wrong->hint);
    return !wrong;
  }
  if (node.kind != NodeKind::table) {
    const auto wrong =
        wrong_kind(node, "a server", "write \"10.0.0.1:11211\" or { address = ... }");
    complaints.error(node.where, wrong.what, wrong.hint);
    return false;
  }
  const bool fine = read_section(node, "a server", server, complaints);
  if (fine && node.find("address") == nullptr) {
    complaints.error(node.where, "a server without an address",
                     "write { address = \"10.0.0.1:11211\" }");
    return false;
  }
  return fine;
}

void read_item(const Node& item, Pool& pool, Complaints& complaints) {
  if (any_lost(item)) return;
  Server pattern;
  if (!read_one(item, pattern, complaints)) return;
  if (const auto wrong = expand(pattern, pool.servers)) {
    complaints.error(item.where, wrong->what, wrong->hint);
  }
}

}  // namespace

void read_servers(const Node& list, Pool& pool, Complaints& complaints) {
  if (list.kind != NodeKind::list) {
    const auto wrong =
        wrong_kind(list, "a list of servers", "write servers = [\"10.0.0.1:11211\"]");
    complaints.error(list.where, wrong.what, wrong.hint);
    return;
  }
  std::size_t wrong = 0;
  Place beyond;
  for (const Node& item : list.items) {
    Complaints own;
    read_item(item, pool, own);
    if (!own.any_error() || wrong < problems_shown_max) complaints.take(own);
    if (!own.any_error()) continue;
    if (++wrong == problems_shown_max + 1) beyond = item.where;
  }
  if (wrong <= problems_shown_max) return;
  complaints.error(
      beyond,
      fmt::format("{} more servers of pool '{}' are wrong", wrong - problems_shown_max, pool.name),
      "mend those above first");
}

void check_servers(const Pool& pool, bool complete, Complaints& complaints) {
  std::map<std::string_view, const Server*> by_name;
  std::int64_t weights = 0;
  std::size_t twice = 0;
  for (const Server& server : pool.servers) {
    weights += server.weight;
    const auto [first, fresh] = by_name.emplace(server.name, &server);
    if (fresh || ++twice > problems_shown_max) continue;
    const bool same_address = first->second->address == server.address;
    complaints.error(
        server.where,
        same_address
            ? fmt::format("server '{}' is twice in pool '{}', first in line {}", server.address,
                          pool.name, first->second->where.line)
            : fmt::format("two servers of pool '{}' have the name '{}', the other in line {}",
                          pool.name, server.name, first->second->where.line),
        "the name is what is hashed: give each its own");
  }
  if (weights > weight_max) {
    complaints.error(pool.where,
                     fmt::format("the weights of pool '{}' add up to {}", pool.name, weights),
                     fmt::format("together at most {}", weight_max));
  }
  if (twice > problems_shown_max) {
    complaints.error(pool.where,
                     fmt::format("pool '{}' has {} more servers with names that others have",
                                 pool.name, twice - problems_shown_max),
                     "mend those above first");
  }
  if (!complete) return;
  const bool only_backups = std::ranges::all_of(pool.servers, &Server::backup);
  if (only_backups && !pool.servers.empty()) {
    complaints.error(pool.where, fmt::format("pool '{}' has nothing but backups", pool.name),
                     "leave `backup = true` out of at least one server");
  }
}

}  // namespace ringway::config
