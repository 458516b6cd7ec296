// See the header: one row for each protocol. No row begins like a command, so that a text client
// is never kept waiting for bytes that would tell.
#include "ringway/proto/foreign.h"

namespace ringway::proto {
namespace {

struct Row {
  Protocol protocol;
  Bytes begins;
  ForeignText text;
};

constexpr Row rows[] = {
    {Protocol::binary,
     "\x80",
     {"memcached's binary protocol", "tell the client to speak the text protocol"}},
    {Protocol::tls, "\x16\x03", {"TLS", "this listener speaks plain text"}},
    {Protocol::redis, "*", {"the protocol of Redis", "this listener speaks memcached's"}},
    {Protocol::proxy,
     "PROXY ",
     {"the PROXY protocol", "tell the balancer in front of ringway to leave it out"}},
};

}  // namespace

Protocol protocol_of(Bytes first) {
  for (const Row& row : rows) {
    if (first.starts_with(row.begins)) return row.protocol;
    if (row.begins.starts_with(first)) return Protocol::unknown_yet;
  }
  return Protocol::text;
}

ForeignText text_of(Protocol foreign) {
  for (const Row& row : rows) {
    if (row.protocol == foreign) return row.text;
  }
  return {};
}

}  // namespace ringway::proto
