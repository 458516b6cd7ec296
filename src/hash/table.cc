// The table of hash functions: what configuration, `explain`, help and reference
// know of them. A new one is a line here, a declaration in functions.h and a file.
#include <algorithm>
#include <array>

#include "ringway/hash/hash.h"

#include "hash/functions.h"

namespace ringway::hash {
namespace {

constexpr std::array<HashFunction, 14> table{{
    {"xxh3_64", 64, xxh3_64, "XXH3, 64 bits: the default; fast and even for keys of any shape"},
    {"xxh64", 64, xxh64, "XXH64 with seed 0, as other proxies and libraries have it"},
    {"one_at_a_time", 32, one_at_a_time, "Jenkins' one-at-a-time"},
    {"md5", 32, md5, "the first four bytes of MD5: even, but ten times slower than XXH3"},
    {"crc16", 32, crc16, "CRC-CCITT on an unmasked accumulator"},
    {"crc32", 32, crc32, "libmemcached's CRC-32 cut to 15 bits: never with ketama"},
    {"crc32a", 32, crc32a, "the real CRC-32"},
    {"fnv1_64", 32, fnv1_64, "the low half of 64-bit FNV-1: uneven with ketama"},
    {"fnv1a_64", 32, fnv1a_64, "the low half of 64-bit FNV-1a: twemproxy's default"},
    {"fnv1_32", 32, fnv1_32, "32-bit FNV-1"},
    {"fnv1a_32", 32, fnv1a_32, "32-bit FNV-1a"},
    {"hsieh", 32, hsieh, "Hsieh's SuperFastHash"},
    {"murmur", 32, murmur, "MurmurHash2, seeded by length"},
    {"jenkins", 32, jenkins, "Jenkins' lookup3"},
}};

}  // namespace

std::span<const HashFunction> functions() {
  return table;
}

const HashFunction* find(std::string_view name) {
  const auto* found = std::ranges::find(table, name, &HashFunction::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace ringway::hash
