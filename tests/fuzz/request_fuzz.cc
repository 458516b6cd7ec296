// Any bytes as a stream of requests: the parser reads nothing beyond them, any
// split gives the same requests, and what is written to a server reads back as the
// same request.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ringway/base/assert.h"

#include "feeder.h"

namespace {

using namespace ringway;
using namespace ringway::proto::memcached;

constexpr std::size_t input_bytes_max = 8192;
// Small, so that limits are met often; the first byte of the input picks.
constexpr RequestLimits limits_of[] = {
    {}, {.value_max = 4, .keys_per_get_max = 3}, {.value_max = 0, .keys_per_get_max = 20}};

void check_written(const Request& request, const RequestLimits& limits) {
  if (row(request.command).many_keys && request.key_count != 1) return;
  std::vector<char> out(serialized_bytes_max(request));
  char* end = serialize(request, out.data());
  RINGWAY_ASSERT(end <= out.data() + out.size());
  const Bytes bytes(out.data(), static_cast<std::size_t>(end - out.data()));
  RINGWAY_ASSERT(bytes.size() <= serialized_bytes_max(request));

  ParsedRequest again;
  parse_request(bytes, limits, again);
  if (request.effect == ringway::proto::Effect::local) return;
  RINGWAY_ASSERT(again.status == RequestStatus::complete);
  RINGWAY_ASSERT(again.consumed == bytes.size());
  RINGWAY_ASSERT(!again.request.noreply && !again.request.quiet);

  // Equal but for what servers never see.
  Request expected = request;
  Request actual = again.request;
  expected.noreply = expected.quiet = false;
  expected.argument = actual.argument = {};
  expected.memo = actual.memo = {};
  RINGWAY_ASSERT(text(expected) == text(actual));

  // What was written is its own canonical form.
  std::vector<char> out_again(serialized_bytes_max(again.request));
  char* end_again = serialize(again.request, out_again.data());
  RINGWAY_ASSERT(bytes ==
                 Bytes(out_again.data(), static_cast<std::size_t>(end_again - out_again.data())));
}

void check_each(Bytes input, const RequestLimits& limits) {
  while (true) {
    ParsedRequest parsed;
    parse_request(input, limits, parsed);
    if (parsed.status == RequestStatus::complete)
      check_written(parsed.request, limits);
    else if (parsed.status != RequestStatus::rejected)
      return;
    input.remove_prefix(parsed.consumed);
    if (parsed.swallow > input.size()) return;
    input.remove_prefix(parsed.swallow);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > input_bytes_max) return 0;
  const RequestLimits& limits = limits_of[data[0] % std::size(limits_of)];
  const std::size_t piece_bytes = 1 + data[1];
  const Bytes input(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Events whole = events_in_pieces(RequestFeeder(limits), input, size);
  RINGWAY_ASSERT(events_in_pieces(RequestFeeder(limits), input, piece_bytes) == whole);
  if (size < 512) RINGWAY_ASSERT(events_in_pieces(RequestFeeder(limits), input, 1) == whole);
  check_each(input, limits);
  return 0;
}
