// See units.h. A number is digits, perhaps a point and up to three more digits;
// all arithmetic is in integers, so that printing and parsing are exact.
#include "ringway/config/units.h"

#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <span>

namespace ringway::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// Ascending: printing takes the last one that divides the value.
constexpr Unit time_units[] = {{"ns", 1},
                               {"us", 1'000},
                               {"ms", 1'000'000},
                               {"s", 1'000'000'000},
                               {"m", 60'000'000'000},
                               {"h", 3'600'000'000'000},
                               {"d", 86'400'000'000'000}};
constexpr Unit size_units[] = {
    {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}};

constexpr auto value_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// `number` times `size`, or nothing if it is no number or too large.
std::optional<std::uint64_t> scaled(std::string_view number, std::uint64_t size) {
  const auto point = number.find('.');
  const auto whole = number.substr(0, point);
  if (!all_digits(whole)) return std::nullopt;
  std::uint64_t fraction = 0;
  if (point != number.npos) {
    std::string digits(number.substr(point + 1));
    if (!all_digits(digits) || digits.size() > 3) return std::nullopt;
    digits.resize(3, '0');
    fraction = size * *whole_number(digits) / 1000;
  }
  const auto count = whole_number(whole);
  std::uint64_t value = 0;
  if (!count || __builtin_mul_overflow(*count, size, &value)) return std::nullopt;
  if (__builtin_add_overflow(value, fraction, &value) || value > value_max) return std::nullopt;
  return value;
}

Result<std::uint64_t> parsed(std::string_view text, std::span<const Unit> units,
                             std::string_view kind, std::string_view example) {
  const auto number_end = text.find_first_not_of("0123456789.");
  if (number_end == text.npos) {
    return failure(fmt::format("'{}' is not a {}: it needs a number and a unit, such as \"{}\"",
                               text, kind, example));
  }
  const auto name = text.substr(number_end);
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (const auto value = scaled(text.substr(0, number_end), unit.size)) return *value;
    return failure(fmt::format("'{}' is not a {} or is too large", text, kind));
  }
  std::string names;
  for (const Unit& unit : units) names += fmt::format("{}{}", names.empty() ? "" : ", ", unit.name);
  return failure(fmt::format("'{}' is not a {}: the units are {}", text, kind, names));
}

std::string printed(std::uint64_t value, std::span<const Unit> units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  const Unit* best = units.data();
  for (const Unit& unit : units) {
    if (value % unit.size == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->size, best->name);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto value = parsed(text, time_units, "duration", "500ms");
  if (!value) return failure(value.error());
  return Duration(static_cast<std::int64_t>(*value));
}

std::string print_duration(Duration duration) {
  return printed(static_cast<std::uint64_t>(duration.count()), time_units, "0s");
}

Result<std::uint64_t> parse_size(std::string_view text) {
  return parsed(text, size_units, "size", "16MiB");
}

std::string print_size(std::uint64_t bytes) {
  return printed(bytes, size_units, "0B");
}

Result<double> parse_share(std::string_view text) {
  const auto wrong = [&] {
    return failure(fmt::format("'{}' is not a share from \"0%\" to \"100%\"", text));
  };
  if (!text.ends_with('%')) return wrong();
  // Counted in thousandths of a percent, so that "12.3%" is one certain double.
  const auto thousandths = scaled(text.substr(0, text.size() - 1), 1000);
  if (!thousandths || *thousandths > 100'000) return wrong();
  return static_cast<double>(*thousandths) / 100'000.0;
}

std::string print_share(double share) {
  return fmt::format("{:.8g}%", share * 100.0);
}

std::string print_time(std::int64_t unix_s) {
  const std::chrono::sys_seconds at{std::chrono::seconds(unix_s)};
  const auto midnight = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(at - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace ringway::config
