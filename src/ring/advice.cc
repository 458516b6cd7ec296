// The known mistakes, one function each; the figures behind them are in README.md. A
// sentence that tells to change hash or distribution says that this moves keys.
#include "ringway/ring/advice.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ringway::ring {
namespace {

using Advice = std::optional<std::string>;

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::uint64_t total_weight(std::span<const Member> members) {
  std::uint64_t sum = 0;
  for (const Member& member : members) sum += member.weight;
  return sum;
}

Advice crc32_with_ketama(std::string_view hash, std::string_view distribution) {
  if (hash != "crc32" || distribution != "ketama") return std::nullopt;
  return "hash \"crc32\" has only 15 bits, so \"ketama\" puts nearly every key on one server: "
         "use hash \"crc32a\", or distribution \"ring\" (either moves keys)";
}

Advice fnv1_64_with_ketama(std::string_view hash, std::string_view distribution) {
  if (hash != "fnv1_64" || distribution != "ketama") return std::nullopt;
  return "hash \"fnv1_64\" hardly changes its high bits with a key's last characters, so "
         "\"ketama\" "
         "puts numbered keys in heaps (a server can hold three times its part): use hash "
         "\"murmur\" or \"md5\", or distribution \"ring\" (either moves keys)";
}

// The prime of the 64-bit FNVs is 3 x 5 x 29 in its low 32 bits.
Advice fnv1a_64_with_modula(std::string_view hash, std::string_view distribution,
                            std::uint64_t slots) {
  if (hash != "fnv1a_64" || distribution != "modula" || slots == 0) return std::nullopt;
  for (const std::uint64_t divisor : {3, 5, 29}) {
    if (slots % divisor != 0) continue;
    return "hash \"fnv1a_64\" with \"modula\" leaves servers without keys when the weights add up "
           "to "
           "a multiple of " +
           std::to_string(divisor) + " (here " + std::to_string(slots) +
           "): use hash \"fnv1a_32\" or \"murmur\", or distribution \"ring\" (either moves keys)";
  }
  return std::nullopt;
}

Advice without_points(const Member& member, std::string_view distribution, std::uint64_t total) {
  return "server " + quoted(member.name) + " has weight " + std::to_string(member.weight) + " of " +
         std::to_string(total) + " in all, too little for a single point of " +
         quoted(distribution) + ", and gets no keys: raise its weight or remove it";
}

bool is_byte(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= 0 && number <= 255;
}

bool is_ipv4(std::string_view host) {
  for (int dots = 0; dots < 3; ++dots) {
    const auto dot = host.find('.');
    if (dot == std::string_view::npos || !is_byte(host.substr(0, dot))) return false;
    host.remove_prefix(dot + 1);
  }
  return is_byte(host);
}

// With or without brackets and port; near enough for a warning.
bool is_ipv6(std::string_view name) {
  if (name.starts_with('[')) return true;
  return std::ranges::count(name, ':') >= 2 &&
         name.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool is_ip_address(std::string_view name) {
  return is_ipv6(name) || is_ipv4(name.substr(0, name.find(':')));
}

Advice names_that_are_addresses(std::string_view distribution, std::span<const Member> members) {
  constexpr std::size_t small_pool = 3;
  if (members.size() <= small_pool || distribution == "random") return std::nullopt;
  const auto named_by_address = [](const Member& member) { return is_ip_address(member.name); };
  const auto count = std::ranges::count_if(members, named_by_address);
  if (count == 0) return std::nullopt;
  return std::to_string(count) + " of " + std::to_string(members.size()) +
         " servers are named by IP address (" +
         quoted(std::ranges::find_if(members, named_by_address)->name) +
         "), so a host that is replaced takes its keys with it: give servers names of their own "
         "(to keep keys in place, their present ones)";
}

}  // namespace

std::vector<std::string> advice(const hash::HashFunction& hash, std::string_view distribution,
                                std::span<const Member> members, const Distribution& built) {
  std::vector<std::string> found;
  if (members.size() < 2) return found;  // One server has every key, however it is hashed.
  const std::uint64_t total = total_weight(members);
  const auto add = [&](Advice each) {
    if (each) found.push_back(*std::move(each));
  };
  add(crc32_with_ketama(hash.name, distribution));
  add(fnv1_64_with_ketama(hash.name, distribution));
  add(fnv1a_64_with_modula(hash.name, distribution, total));
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    if (built.points(i) == 0) add(without_points(members[i], distribution, total));
  }
  add(names_that_are_addresses(distribution, members));
  return found;
}

}  // namespace ringway::ring
