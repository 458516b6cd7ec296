// What no single key can tell: values that contradict each other, names that name
// nothing, addresses used twice.
#pragma once

#include "ringway/config/config.h"

#include "config/complaints.h"
#include "config/tree.h"

namespace ringway::config {

// Where the keys of a pool or listener were written: there, in its defaults, or
// nowhere, in which case the place is that of the section.
struct Written {
  const Node& own;
  const Node& defaults;
  Place section;

  const Entry* find(std::string_view key) const;
  bool has(std::string_view table, std::string_view key) const;
  Place place(std::string_view key) const;
  Place place(std::string_view table, std::string_view key) const;
};

// `complete`: nothing of it was wrong. Otherwise what only compares values is silent.
void check_pool(const Pool& pool, const Written& written, bool complete, Complaints& complaints);
void check_listener(const Listener& listener, const Written& written, bool complete,
                    Complaints& complaints);

// Of all pools together: half of the ids that there are, so that a reload finds as many new
// ones while the old servers still have theirs.
inline constexpr std::size_t servers_max = 131'072;

// What could not be read has been complained about: nothing is said of what it would have held.
struct Lost {
  bool listeners = false;
  bool targets = false;  // Pools or routes.
};

// Across sections; the last check, when everything was read.
void check_whole(const Config& config, const Node& root, Lost lost, Complaints& complaints);

}  // namespace ringway::config
