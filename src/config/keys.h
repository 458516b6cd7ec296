// The one table of keys: name, type, limits, unit and why, tied to the member of
// config.h that holds the value (whose initialiser is the default). Parsing, "did
// you mean", printing and configs/reference.toml all come from it.
// A new key is a member in config.h and a row in the keys_*.cc of its section.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.h"

namespace ringway::config {

enum class Standing : std::uint8_t {
  carried_out,
  later,       // Known and type-checked; a warning says that it is ignored.
  protection,  // The same, but an error: nobody may believe that it protects.
  apart,       // Read by code of its own (servers, tables within tables).
};

template <typename T>
struct Key {
  std::string_view name;
  std::string_view unit;  // What is counted, where the value does not say it.
  std::string_view why;
  Limits limits;
  Standing standing = Standing::carried_out;
  std::string_view sample = {};  // As TOML: what the reference shows where there is no default.
  Verdict (*read)(const Node&, const Limits&, T&) = nullptr;  // Null: apart.
  std::string (*print)(const T&) = nullptr;                   // Null: not in T.
  std::string (*form)(const Limits&) = nullptr;
};

// The keys of a section, in the order of the reference. Defined for Router, Log,
// Metrics, Admin, Reload, Listener, Pool, Eject, Health, Server, Route.
template <typename T>
std::span<const Key<T>> keys();

template <typename T>
std::vector<std::string_view> key_names() {
  std::vector<std::string_view> names;
  for (const Key<T>& key : keys<T>()) names.push_back(key.name);
  return names;
}

// Where a section is written and what it is for: "[pool.NAME.eject]".
struct Section {
  std::string_view header;
  std::string_view about;
};

template <typename T>
Section section();

// The sections that have a key of this name, as "[pool.NAME.eject] or ..."; empty: none.
std::string homes_of(std::string_view key);

// The names of all keys of all sections.
std::vector<std::string_view> every_key();

}  // namespace ringway::config
