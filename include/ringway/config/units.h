// Times, sizes and shares as operators write them: "250ms", "16MiB", "10%". A
// number without its unit is refused, for nobody remembers which one was meant.
// Each pair is inverse: parsing what was printed gives the same value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringway/base/result.h"
#include "ringway/base/time.h"

namespace ringway::config {

// Units ns, us, ms, s, m, h, d; up to three decimals ("1.5s").
Result<Duration> parse_duration(std::string_view text);
std::string print_duration(Duration duration);

// Units B, KiB, MiB, GiB, TiB; up to three decimals.
Result<std::uint64_t> parse_size(std::string_view text);
std::string print_size(std::uint64_t bytes);

// "10%" is 0.1; from 0% to 100%.
Result<double> parse_share(std::string_view text);
std::string print_share(double share);

// Seconds since 1970 as a date in UTC: "2026-11-22T18:00:00Z".
std::string print_time(std::int64_t unix_s);

}  // namespace ringway::config
