// Prints the tables of src/ring/README.md: how evenly a million keys fall on equal and
// unequal servers for each hash and distribution, and how many move when a server
// comes, goes or is out. Not a benchmark of time; takes about half a minute.
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

constexpr std::uint32_t keys = 1'000'000;

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
  for (const std::uint32_t weight : weights) {
    result.push_back(
        {.name = "10.0.0." + std::to_string(result.size() + 1) + ":11212", .weight = weight});
  }
  return result;
}

struct Spread {
  double most = 0;
  double least = 1e9;
};

// The fullest and the emptiest server, relative to what its weight deserves.
void add(Spread& spread, const hash::HashFunction& function, const Distribution& distribution,
         const std::vector<Member>& servers, const char* shape) {
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
                  const std::vector<std::uint32_t>& weights) {
  const auto servers = members(weights);
  const auto distribution = ring::find(kind)->build(servers);
  Spread spread;
  for (const char* shape : shapes) add(spread, function, *distribution, servers, shape);
  std::printf(" %.2f / %.2f |", spread.most, spread.least);
  std::fflush(stdout);
}

void print_hashes() {
  std::printf("| hash | ring, 10 | ketama, 10 | modula, 10 | modula, 3 | modula, 5 |\n");
  std::printf("|---|---|---|---|---|---|\n");
  const std::vector<std::uint32_t> ten(10, 1);
  for (const auto& function : hash::functions()) {
    std::printf("| `%s` |", std::string(function.name).c_str());
    for (const char* kind : {"ring", "ketama", "modula"}) print_spread(function, kind, ten);
    print_spread(function, "modula", {1, 1, 1});
    print_spread(function, "modula", {1, 1, 1, 1, 1});
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
  std::vector<std::uint32_t> before, after;  // Weights; servers keep their places.
};

// Moved in all, and moved although both ends are in both pools.
void print_movement(const char* kind, const Change& change) {
  const auto before = members(change.before);
  const auto after = members(change.after);
  const auto from = ring::find(kind)->build(before);
  const auto to = ring::find(kind)->build(after);
  std::vector<int> successor;
  for (std::size_t i = 0; i < before.size(); ++i) {
    successor.push_back(i < after.size() ? static_cast<int>(i) : -1);
  }
  const auto& function = hash::functions().front();
  const auto result =
      ring::movement({function, {}, *from, before}, {function, {}, *to, after}, successor, keys);
  double among = 0;
  for (const auto& flow : result.flows) {
    const auto named = [&](const std::string& name) {
      return [name](const Member& m) { return m.name == name; };
    };
    if (std::ranges::any_of(after, named(flow.from)) && std::ranges::any_of(before, named(flow.to)))
      among += flow.share;
  }
  std::printf(" %.1f%% (%.1f%%) |", 100 * result.moved, 100 * among);
}

void print_movements() {
  std::printf("\n| change | ring | ketama | modula |\n|---|---|---|---|\n");
  const Change changes[] = {
      {"10 servers, an 11th comes", std::vector<std::uint32_t>(10, 1),
       std::vector<std::uint32_t>(11, 1)},
      {"10 servers, one goes", std::vector<std::uint32_t>(10, 1), std::vector<std::uint32_t>(9, 1)},
      {"26 servers, one goes", std::vector<std::uint32_t>(26, 1),
       std::vector<std::uint32_t>(25, 1)},
      {"weights 1 2 3 4, the last goes", {1, 2, 3, 4}, {1, 2, 3}},
      {"weights 1 1 1 5, the last goes", {1, 1, 1, 5}, {1, 1, 1}},
      {"weights 1 1 1 1, the first gets 2", {1, 1, 1, 1}, {2, 1, 1, 1}}};
  for (const Change& change : changes) {
    std::printf("| %s |", change.label);
    for (const char* kind : {"ring", "ketama", "modula"}) print_movement(kind, change);
    std::printf("\n");
  }
}

}  // namespace

int main() {
  print_hashes();
  print_sizes();
  print_movements();
}
