// See the header. In both ranges the mark and the bit above it stand right above the server's own
// token.
#include "ringway/proto/token_mark.h"

namespace ringway::proto {
namespace {

constexpr int small_bits = 44;
constexpr int large_bits = 54;
constexpr std::uint64_t above_mark = 256;

constexpr std::uint64_t low_bits(std::uint64_t token, int count) {
  return token & ((std::uint64_t{1} << count) - 1);
}

}  // namespace

TokenMark token_mark(std::uint64_t server_hash) {
  return static_cast<TokenMark>(server_hash);
}

std::uint64_t marked(std::uint64_t token, TokenMark mark) {
  if (beyond_marks(token)) return token;
  const int bits = token >> small_bits == 0 ? small_bits : large_bits;
  return (above_mark + mark) << bits | token;
}

std::optional<std::uint64_t> unmarked(std::uint64_t token, TokenMark mark) {
  if (token >> small_bits == above_mark + mark) return low_bits(token, small_bits);
  const std::uint64_t own = low_bits(token, large_bits);
  if (token >> large_bits != above_mark + mark || own >> small_bits == 0) return std::nullopt;
  return own;
}

bool beyond_marks(std::uint64_t token) {
  return token >> large_bits != 0;
}

}  // namespace ringway::proto
