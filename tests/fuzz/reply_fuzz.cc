// Any bytes as what a server says: the parser reads nothing beyond them, any split
// gives the same lines, and every view of a line lies within it.
#include <cstddef>
#include <cstdint>

#include "ringway/base/assert.h"

#include "feeder.h"

namespace {

using namespace ringway;
using namespace ringway::proto::memcached;

constexpr std::size_t input_bytes_max = 16 * 1024;

void check_within(Bytes part, Bytes line) {
  if (part.data() == nullptr) return;
  RINGWAY_ASSERT(part.data() >= line.data());
  RINGWAY_ASSERT(part.data() + part.size() <= line.data() + line.size());
}

void check_line(Bytes input) {
  ReplyLine line;
  if (parse_reply_line(input, line) != LineStatus::complete) return;
  RINGWAY_ASSERT(line.consumed == line.line.size() + 2);
  RINGWAY_ASSERT(line.kind != ReplyKind::unknown);
  for (const Bytes part : {line.key, line.opaque, line.text}) check_within(part, line.line);
  RINGWAY_ASSERT(line.bytes <= reply_value_bytes_max);
  if (line.key_given) RINGWAY_ASSERT(names_key(line, line.key, line.base64));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > input_bytes_max) return 0;
  const std::size_t piece_bytes = 1 + data[0];
  const Bytes input(reinterpret_cast<const char*>(data) + 1, size - 1);

  check_line(input);
  const Events whole = events_in_pieces(ReplyFeeder(), input, size);
  RINGWAY_ASSERT(events_in_pieces(ReplyFeeder(), input, piece_bytes) == whole);
  if (size < 512) RINGWAY_ASSERT(events_in_pieces(ReplyFeeder(), input, 1) == whole);
  return 0;
}
