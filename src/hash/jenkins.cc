// Bob Jenkins' lookup3 (hashlittle) with initval 13, read byte by byte so that it
// is the same on every machine and for every alignment.
#include <array>
#include <bit>

#include "hash/functions.h"

namespace ringway::hash {
namespace {

struct State {
  std::uint32_t a, b, c;

  void add(const char* twelve) {
    a += load32(twelve);
    b += load32(twelve + 4);
    c += load32(twelve + 8);
  }

  void mix() {
    a = (a - c) ^ std::rotl(c, 4), c += b;
    b = (b - a) ^ std::rotl(a, 6), a += c;
    c = (c - b) ^ std::rotl(b, 8), b += a;
    a = (a - c) ^ std::rotl(c, 16), c += b;
    b = (b - a) ^ std::rotl(a, 19), a += c;
    c = (c - b) ^ std::rotl(b, 4), b += a;
  }

  void finish() {
    c = (c ^ b) - std::rotl(b, 14);
    a = (a ^ c) - std::rotl(c, 11);
    b = (b ^ a) - std::rotl(a, 25);
    c = (c ^ b) - std::rotl(b, 16);
    a = (a ^ c) - std::rotl(c, 4);
    b = (b ^ a) - std::rotl(a, 14);
    c = (c ^ b) - std::rotl(b, 24);
  }
};

}  // namespace

std::uint64_t jenkins(Bytes key) noexcept {
  constexpr std::uint32_t initval = 13;
  const std::uint32_t start = 0xdeadbeef + static_cast<std::uint32_t>(key.size()) + initval;
  State state{start, start, start};
  if (key.empty()) return state.c;
  for (; key.size() > 12; key.remove_prefix(12)) {
    state.add(key.data());
    state.mix();
  }
  // Missing bytes count as zero.
  std::array<char, 12> last{};
  key.copy(last.data(), last.size());
  state.add(last.data());
  state.finish();
  return state.c;
}

}  // namespace ringway::hash
