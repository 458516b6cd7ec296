// Reads one table into one struct by the table of keys: unknown keys with their
// nearest neighbour, types, limits, "not yet supported". The same few lines for
// every section, which is why a new key needs no code.
#pragma once

#include <fmt/format.h>

#include "config/complaints.h"
#include "config/keys.h"
#include "config/nearest.h"

namespace ringway::config {

// An unknown key: its nearest neighbour here, or the section where it belongs.
void complain_unknown(const Entry& entry, std::string_view section,
                      const std::vector<std::string_view>& known, Complaints& complaints);

// A key of the table was meant to be this one.
bool mistyped(const Node& table, std::string_view key, const std::vector<std::string_view>& known);

// Of a key of which nothing is carried out yet: an error, unless its text is empty.
bool asks_for_protection(const Entry& entry, Complaints& complaints);

template <typename T>
bool read_entry(const Entry& entry, const Key<T>& key, T& into, Complaints& complaints) {
  if (key.read == nullptr) return true;
  const Verdict wrong = key.read(entry.value, key.limits, into);
  if (wrong) {
    if (any_lost(entry.value)) return false;
    complaints.add({entry.value.where, fmt::format("{}: {}", key.name, wrong->what), wrong->hint,
                    wrong->severity});
    return wrong->severity == Severity::warning;
  }
  if (key.standing == Standing::later) {
    complaints.warning(entry.where, fmt::format("'{}' is not yet supported, ignored", key.name),
                       "leave it out until a release names it");
  }
  return key.standing != Standing::protection || !asks_for_protection(entry, complaints);
}

// `section` as in "[pool.web]". False if any value is wrong; the others are read.
template <typename T>
bool read_section(const Node& table, std::string_view section, T& into, Complaints& complaints) {
  if (table.kind != NodeKind::table) {
    complaints.error(table.where, fmt::format("{} is a table, not {}", section, described(table)),
                     "write its keys below a header of its own, or as { key = value }");
    return false;
  }
  bool fine = true;
  for (const Entry& entry : table.entries) {
    const Key<T>* known = nullptr;
    for (const Key<T>& key : keys<T>()) {
      if (key.name == entry.key) known = &key;
    }
    if (known == nullptr) complain_unknown(entry, section, key_names<T>(), complaints);
    fine = known != nullptr && read_entry(entry, *known, into, complaints) && fine;
  }
  return fine;
}

}  // namespace ringway::config
