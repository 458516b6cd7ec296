// See range.h. Recursion runs from the first range of the text to the last, so
// that the last one varies fastest; its depth is bounded by the text's length.
#include "config/range.h"

#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <optional>

namespace ringway::config {
namespace {

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  int width = 0;
};

std::optional<std::uint32_t> number(std::string_view digits) {
  constexpr std::size_t digits_max = 9;
  std::uint32_t value = 0;
  const char* end = digits.data() + digits.size();
  if (digits.empty() || digits.size() > digits_max) return std::nullopt;
  const auto parsed = std::from_chars(digits.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

bool padded(std::string_view digits) {
  return digits.size() > 1 && digits.front() == '0';
}

// `body` is what stands between the braces: "0..7".
std::optional<Range> parse_range(std::string_view body) {
  const auto dots = body.find("..");
  if (dots == body.npos) return std::nullopt;
  const auto from = body.substr(0, dots);
  const auto to = body.substr(dots + 2);
  const auto first = number(from);
  const auto last = number(to);
  if (!first || !last || *first > *last) return std::nullopt;
  const bool keep_zeros = padded(from) || padded(to);
  return Range{*first, *last, keep_zeros ? static_cast<int>(std::max(from.size(), to.size())) : 0};
}

}  // namespace

Result<std::vector<std::string>> expand_ranges(std::string_view text) {
  constexpr std::size_t text_max = 1024;  // Bounds the depth of the recursion below, too.
  if (text.size() > text_max) return failure("this is too long for an address or a name");
  const auto open = text.find('{');
  if (open == text.npos) return std::vector<std::string>{std::string(text)};
  const auto close = text.find('}', open);
  const auto body =
      close == text.npos ? std::string_view() : text.substr(open + 1, close - open - 1);
  const auto range = parse_range(body);
  if (!range) {
    return failure(fmt::format("'{}' is not a range: write {{0..7}}, smaller number first",
                               text.substr(open, close == text.npos ? close : close - open + 1)));
  }
  const auto rests = expand_ranges(text.substr(close + 1));
  if (!rests) return failure(rests.error());
  const std::size_t count = std::size_t{range->last} - range->first + 1;
  if (count > servers_per_pool_max / rests->size()) {
    return failure(fmt::format("'{}' is more than {} servers", text, servers_per_pool_max));
  }
  std::vector<std::string> all;
  for (std::uint32_t i = range->first; i <= range->last; ++i) {
    for (const std::string& rest : *rests) {
      all.push_back(fmt::format("{}{:0{}}{}", text.substr(0, open), i, range->width, rest));
    }
  }
  return all;
}

}  // namespace ringway::config
