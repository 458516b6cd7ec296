// The four FNV hashes. twemproxy's two 64-bit ones keep only the low 32 bits, which
// is the same as computing in 32 bits throughout; bytes are signed in all four, so
// keys with bytes above 0x7f differ from textbook FNV.
#include "hash/functions.h"

namespace ringway::hash {
namespace {

// The low halves of the 64-bit start and prime: products modulo 2^32 need no more.
constexpr std::uint32_t start_64 = 0x84222325;
constexpr std::uint32_t prime_64 = 0x1b3;
constexpr std::uint32_t start_32 = 2166136261;
constexpr std::uint32_t prime_32 = 16777619;

std::uint32_t fnv1(Bytes key, std::uint32_t h, std::uint32_t prime) {
  for (const char c : key) h = (h * prime) ^ signed_byte(c);
  return h;
}

std::uint32_t fnv1a(Bytes key, std::uint32_t h, std::uint32_t prime) {
  for (const char c : key) h = (h ^ signed_byte(c)) * prime;
  return h;
}

}  // namespace

std::uint64_t fnv1_64(Bytes key) noexcept {
  return fnv1(key, start_64, prime_64);
}

std::uint64_t fnv1a_64(Bytes key) noexcept {
  return fnv1a(key, start_64, prime_64);
}

std::uint64_t fnv1_32(Bytes key) noexcept {
  return fnv1(key, start_32, prime_32);
}

std::uint64_t fnv1a_32(Bytes key) noexcept {
  return fnv1a(key, start_32, prime_32);
}

}  // namespace ringway::hash
