// See name_answers.h. A thread waits for one answer after the other: the C library's resolver
// offers nothing that does not wait.
#include "cli/name_answers.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace ringway::cli {

void look_all_up(std::map<std::string, net::Answer>& answers) {
  std::vector<std::pair<const std::string*, net::Answer*>> all;
  for (auto& [name, answer] : answers) all.emplace_back(&name, &answer);
  std::atomic<std::size_t> next = 0;
  const auto look_up = [&] {
    for (std::size_t i = 0; (i = next.fetch_add(1)) < all.size();) {
      *all[i].second = net::looked_up(*all[i].first);
    }
  };
  std::vector<std::jthread> threads;
  const std::size_t wanted = std::min(all.size(), lookups_at_once_max);
  try {
    while (threads.size() + 1 < wanted) threads.emplace_back(look_up);
  } catch (const std::system_error&) {
    // As many as the machine allows; this one is there in any case.
  }
  look_up();
}

}  // namespace ringway::cli
