// Requests that are written anew from what was kept of them, and those that ringway asks by itself:
// whole ones, each of which has a reply.
#include "ringway/proto/memcached/command.h"
#include "ringway/proto/memcached/request.h"
#include "ringway/proto/memcached/request_writer.h"
#include "ringway/proto/memcached/stand_in.h"

#include "proto/memcached/asked_flags.h"
#include "proto/memcached/dialect.h"
#include "proto/memcached/numbers.h"

namespace ringway::proto::memcached {

Bytes hashed_key(CommandId command, Bytes key, Bytes memo, char* out) {
  if (memo.empty() || !row(command).meta || !AskedFlags(memo).base64) return key;
  std::size_t size = 0;
  return decode_key(key, out, size) ? Bytes{out, size} : key;
}

std::string_view name_of(CommandId command) {
  return row(command).name;
}

bool may_be_unknown_of(CommandId command) {
  return may_be_unknown(command);
}

Request again(const Asked& asked) {
  Request request;
  request.command = asked.command;
  request.key = asked.key;
  request.key_count = 1;
  request.memo = asked.memo;
  if (!row(asked.command).meta) (void)parse_number(asked.memo, request.exptime);
  return request;
}

Request removal(Bytes key, std::string& space) {
  Request request;
  request.effect = Effect::removes;
  request.if_lost = IfLost::owed;
  request.key_count = 1;
  request.command = Command::delete_;
  request.key = key;
  if (is_plain_key(key)) return request;
  space.resize(encoded_key_bytes_max);
  request.command = Command::md;
  request.key = encode_key(key, space.data());
  request.memo = "b";
  return request;
}

Request check() {
  Request request;
  request.command = Command::version;
  request.effect = Effect::local;
  return request;
}

void adapt(Request& request, const std::optional<TtlCap>& cap, std::string& space) {
  if (!row(request.command).meta) {
    if (cap) request.exptime = capped(request.exptime, *cap);
    return;
  }
  const bool sets = request.command == Command::ms;
  space.resize(request.memo.size() + stand_in_flags_bytes_max);
  const char* end = write_stand_in_flags(request.memo, cap, sets, request.cas, space.data());
  request.memo = {space.data(), static_cast<std::size_t>(end - space.data())};
}

std::size_t keys_bytes_max_of(CommandId command) {
  return keys_bytes_max(command);
}

// The memo of gat, gats and flush_all is their time.
char* write_head(const Asked& asked, const std::optional<TtlCap>& cap, char* out) {
  std::int64_t exptime = 0;
  (void)parse_number(asked.memo, exptime);
  return write_get_head(asked.command, cap ? capped(exptime, *cap) : exptime, out);
}

}  // namespace ringway::proto::memcached
