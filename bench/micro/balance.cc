// Prints the tables of src/ring/README.md: how evenly a million keys fall on equal and
// unequal servers for each hash and distribution, and how many move when a server
// comes, goes or is out. Not a benchmark of time; takes about a minute.
//
//   build/bench/micro/balance
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "ringway/ring/key_hash.h"
#include "ringway/ring/movement.h"

namespace {

using namespace ringway;
using ring::Distribution;
using ring::Member;

constexpr std::uint32_t many = 1'000'000;
constexpr std::uint32_t few = 10'000;  // Weak hashes show only among few keys.

std::string text(const char* format, std::uint64_t number) {
  char buffer[64];
  const int size = std::snprintf(buffer, sizeof buffer, format, number);
  return {buffer, static_cast<std::size_t>(size)};
}

// The shapes in which applications number their keys.
constexpr auto shapes = {"key:%lu", "session_%lx", "user:%lu:profile", "%016lx", "slow%lu"};

std::string key(const char* shape, std::uint64_t i) {
  return text(shape, std::string_view(shape) == "%016lx" ? hash::mixed(i) : i);
}

std::vector<Member> members(std::vector<std::uint32_t> weights) {
  std::vector<Member> result;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;  // Not there.
    result.push_back({.name = "10.0.0." + std::to_string(i + 1) + ":11212", .weight = weights[i]});
  }
  return result;
}

struct Spread {
  double most = 0;
  double least = 1e9;
};

// The fullest and the emptiest server, relative to what its weight deserves.
void add(Spread& spread, const hash::HashFunction& function, const Distribution& distribution,
         const std::vector<Member>& servers, const char* shape, std::uint32_t keys) {
  const ring::LiveSet live(distribution.servers());
  std::vector<double> count(servers.size());
  for (std::uint32_t i = 0; i < keys; ++i) {
    count[*distribution.pick(ring::key_hash(function, {}, key(shape, i)), live)] += 1;
  }
  double total = 0;
  for (const Member& server : servers) total += server.weight;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const double ratio = count[i] * total / keys / servers[i].weight;
    spread.most = std::max(spread.most, ratio);
    spread.least = std::min(spread.least, ratio);
  }
}

void print_spread(const hash::HashFunction& function, const char* kind,
                  const std::vector<std::uint32_t>& weights, std::uint32_t keys = many) {
  const auto servers = members(weights);
  const auto distribution = ring::find(kind)->build(servers);
  Spread spread;
  for (const char* shape : shapes) add(spread, function, *distribution, servers, shape, keys);
  std::printf(" %.2f / %.2f |", spread.most, spread.least);
  std::fflush(stdout);
}

void print_hashes(std::uint32_t keys) {
  std::printf("\n| hash, %u keys | ring, 10 | ketama, 10 | modula, 10 | modula, 3 | modula, 7 |\n",
              keys);
  std::printf("|---|---|---|---|---|---|\n");
  const std::vector<std::uint32_t> ten(10, 1), three(3, 1), seven(7, 1);
  for (const auto& function : hash::functions()) {
    std::printf("| `%s` |", std::string(function.name).c_str());
    for (const char* kind : {"ring", "ketama", "modula"}) print_spread(function, kind, ten, keys);
    print_spread(function, "modula", three, keys);
    print_spread(function, "modula", seven, keys);
    std::printf("\n");
  }
}

void print_sizes() {
  std::printf("\n| servers, xxh3_64 | ring | ketama | modula |\n|---|---|---|---|\n");
  const std::pair<const char*, std::vector<std::uint32_t>> pools[] = {
      {"3", {1, 1, 1}},
      {"10", std::vector<std::uint32_t>(10, 1)},
      {"30", std::vector<std::uint32_t>(30, 1)},
      {"100", std::vector<std::uint32_t>(100, 1)},
      {"weights 1 2 3 4", {1, 2, 3, 4}},
      {"weights 1 1 1 5", {1, 1, 1, 5}},
      {"weights 10 20 35 100", {10, 20, 35, 100}}};
  for (const auto& [label, weights] : pools) {
    std::printf("| %s |", label);
    for (const char* kind : {"ring", "ketama", "modula"}) {
      print_spread(hash::functions().front(), kind, weights);
    }
    std::printf("\n");
  }
}

struct Change {
  const char* label;
  std::vector<std::uint32_t> before, after;  // Weights by server; 0: not there.
};

int index_of(const std::vector<Member>& members, const std::string& name) {
  const auto at = std::ranges::find(members, name, &Member::name);
  return at == members.end() ? -1 : static_cast<int>(at - members.begin());
}

// Moved in all, and moved although both servers were there before and after.
void print_movement(const char* kind, const Change& change) {
  const auto before = members(change.before);
  const auto after = members(change.after);
  const auto from = ring::find(kind)->build(before);
  const auto to = ring::find(kind)->build(after);
  std::vector<int> successor;
  for (const Member& member : before) successor.push_back(index_of(after, member.name));
  const auto& function = hash::functions().front();
  const auto result =
      ring::movement({function, {}, *from, before}, {function, {}, *to, after}, successor, many);
  double among = 0;
  for (const auto& flow : result.flows) {
    const bool stay = index_of(after, flow.from) >= 0 && index_of(before, flow.to) >= 0;
    among += stay ? flow.share : 0;
  }
  std::printf(" %.1f%% (%.1f%%) |", 100 * result.moved, 100 * among);
}

std::vector<std::uint32_t> ones(std::size_t servers, std::size_t of) {
  std::vector<std::uint32_t> weights(of, 0);
  std::fill_n(weights.begin(), servers, 1);
  return weights;
}

void print_movements() {
  std::printf("\n| change | ring | ketama | modula |\n|---|---|---|---|\n");
  const Change changes[] = {{"10 servers, an 11th comes", ones(10, 11), ones(11, 11)},
                            {"10 servers, one goes", ones(10, 10), ones(9, 10)},
                            {"26 servers, one goes", ones(26, 26), ones(25, 26)},
                            {"weights 1 2 3 4, the 4 goes", {1, 2, 3, 4}, {1, 2, 3, 0}},
                            {"weights 1 1 1 5, the 5 goes", {1, 1, 1, 5}, {1, 1, 1, 0}},
                            {"weights 1 1 1 5, a 1 goes", {1, 1, 1, 5}, {0, 1, 1, 5}},
                            {"weights 1 1 1 1, one gets 2", {1, 1, 1, 1}, {2, 1, 1, 1}}};
  for (const Change& change : changes) {
    std::printf("| %s |", change.label);
    for (const char* kind : {"ring", "ketama", "modula"}) print_movement(kind, change);
    std::printf("\n");
  }
}

// The fullest server's ratio for many sets of names: luck of the names, not of the keys.
void print_luck(std::uint32_t servers, int sets) {
  std::vector<double> fullest;
  for (int set = 0; set < sets; ++set) {
    std::vector<Member> pool;
    for (std::uint32_t i = 0; i < servers; ++i) {
      pool.push_back({.name = text("set%lu", static_cast<unsigned>(set)) + text("-%lu", i)});
    }
    Spread spread;
    add(spread, hash::functions().front(), *ring::find("ring")->build(pool), pool, "key:%lu", many);
    fullest.push_back(spread.most);
  }
  std::ranges::sort(fullest);
  const auto part = [&](double p) { return fullest[static_cast<std::size_t>(p * (sets - 1))]; };
  std::printf(
      "\n%d sets of names for %u servers on a ring: fullest %.2f (median), %.2f (95%%), "
      "%.2f (worst)\n",
      sets, servers, part(0.5), part(0.95), part(1));
}

}  // namespace

int main() {
  print_hashes(many);
  print_hashes(few);
  print_sizes();
  print_movements();
  print_luck(10, 200);
  print_luck(100, 50);
}
