// See the header. Tokens that are no numbers are left as they are: the server judges
// them, or they were refused before.
#include "ringway/proto/memcached/stand_in.h"

#include <algorithm>

#include "ringway/base/assert.h"

#include "proto/memcached/numbers.h"
#include "proto/memcached/words.h"

namespace ringway::proto::memcached {
namespace {

// Above it memcached takes a time for seconds since 1970.
constexpr std::int64_t relative_max_s = std::int64_t{60} * 60 * 24 * 30;

std::int64_t longest(const TtlCap& cap) {
  const bool relative = cap.ttl_max_s <= relative_max_s;
  return relative ? cap.ttl_max_s : cap.unix_now_s + cap.ttl_max_s;
}

char* put(char* out, Bytes bytes) {
  return std::copy(bytes.begin(), bytes.end(), out);
}

template <typename Number>
char* put_token(char* out, char letter, Number number) {
  *out++ = letter;
  return write_number(number, out);
}

char* put_flag(char* out, Bytes token, const std::optional<TtlCap>& cap, std::uint64_t cas) {
  const char letter = token[0];
  std::int64_t seconds = 0;
  if (letter == 'C') return put_token(out, letter, cas);
  const bool time = cap && (letter == 'T' || letter == 'N');
  if (!time || !parse_number(token.substr(1), seconds)) return put(out, token);
  return put_token(out, letter, capped(seconds, *cap));
}

}  // namespace

std::int64_t capped(std::int64_t exptime, const TtlCap& cap) {
  // memcached keeps the low 32 bits of what it reads: 2^32 is for ever, 2^31 is over.
  const std::int64_t meant = static_cast<std::int32_t>(exptime);
  if (meant < 0) return exptime;
  if (meant == 0) return longest(cap);
  const bool relative = meant <= relative_max_s;
  const std::int64_t left_s = relative ? meant : meant - cap.unix_now_s;
  return left_s > cap.ttl_max_s ? longest(cap) : exptime;
}

char* write_with_cas(const ReplyLine& line, std::uint64_t cas, char* out) {
  RINGWAY_ASSERT(line.cas_given);
  if (line.kind == ReplyKind::value) {
    out = put(out, line.line.substr(0, line.line.rfind(' ') + 1));
    return put(write_number(cas, out), "\r\n");
  }
  bool first = true;
  Words words{line.line.data(), line.line.data() + line.line.size()};
  for (Bytes token; words.next(token);) {
    if (!first) *out++ = ' ';
    // The first word is the kind, VA's second a size: neither begins with a small c.
    out = !first && token[0] == 'c' ? put_token(out, 'c', cas) : put(out, token);
    first = false;
  }
  return put(out, "\r\n");
}

char* write_stand_in_flags(Bytes flags, const std::optional<TtlCap>& cap, bool adds_ttl,
                           std::uint64_t cas, char* out) {
  const char* const begin = out;
  bool has_ttl = false;
  Words words{flags.data(), flags.data() + flags.size()};
  for (Bytes token; words.next(token);) {
    if (out != begin) *out++ = ' ';
    out = put_flag(out, token, cap, cas);
    has_ttl |= token[0] == 'T';
  }
  if (!cap || !adds_ttl || has_ttl) return out;
  if (out != begin) *out++ = ' ';
  return put_token(out, 'T', longest(*cap));
}

}  // namespace ringway::proto::memcached
