// Everything a run counts, and which of it makes the run a failure. Declared
// once: the report, the JSON and the verdict all walk `count_table`.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "bench/load/options.h"

namespace ringway::bench {

struct Counts {
  std::uint64_t requests = 0;
  std::uint64_t gets = 0;
  std::uint64_t sets = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t server_errors = 0;
  std::uint64_t client_errors = 0;
  std::uint64_t wrong_key = 0;
  std::uint64_t wrong_length = 0;
  std::uint64_t wrong_content = 0;
  std::uint64_t wrong_flags = 0;
  std::uint64_t missing = 0;
  std::uint64_t unexpected = 0;
  std::uint64_t malformed = 0;
  std::uint64_t closes = 0;
  std::uint64_t lost_by_close = 0;
  std::uint64_t connect_failures = 0;
};

enum class Weight : std::uint8_t {
  fact,
  failure,
  failure_unless_errors,
  failure_unless_misses,
  failure_unless_closes
};

struct CountField {
  std::string_view name;
  std::uint64_t Counts::*member;
  Weight weight;
};

inline constexpr std::array<CountField, 17> count_table = {{
    {"requests", &Counts::requests, Weight::fact},  // Answered, in whatever way.
    {"gets", &Counts::gets, Weight::fact},
    {"sets", &Counts::sets, Weight::fact},
    {"hits", &Counts::hits, Weight::fact},  // Keys, not requests: a get may ask for many.
    {"misses", &Counts::misses, Weight::failure_unless_misses},
    {"server_errors", &Counts::server_errors, Weight::failure_unless_errors},
    {"client_errors", &Counts::client_errors, Weight::failure},
    {"wrong_key", &Counts::wrong_key, Weight::failure},  // Not asked for, out of order or twice.
    {"wrong_length", &Counts::wrong_length, Weight::failure},
    {"wrong_content", &Counts::wrong_content, Weight::failure},
    {"wrong_flags", &Counts::wrong_flags, Weight::failure},
    {"missing", &Counts::missing, Weight::failure},        // No reply within the drain time.
    {"unexpected", &Counts::unexpected, Weight::failure},  // A reply to nothing.
    {"malformed", &Counts::malformed, Weight::failure},
    {"closes", &Counts::closes, Weight::failure_unless_closes},
    {"lost_by_close", &Counts::lost_by_close, Weight::failure_unless_closes},
    {"connect_failures", &Counts::connect_failures, Weight::failure_unless_closes},
}};

inline bool is_failure(const CountField& field, const Counts& counts, const Options& options) {
  if (counts.*field.member == 0) return false;
  switch (field.weight) {
    case Weight::fact: return false;
    case Weight::failure: return true;
    case Weight::failure_unless_errors: return !options.tolerate_errors;
    case Weight::failure_unless_misses: return !options.tolerate_misses;
    case Weight::failure_unless_closes: return !options.tolerate_closes;
  }
  return true;
}

inline bool all_right(const Counts& counts, const Options& options) {
  for (const CountField& field : count_table) {
    if (is_failure(field, counts, options)) return false;
  }
  return true;
}

}  // namespace ringway::bench
