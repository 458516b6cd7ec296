// Requests as servers get them: put together from parsed fields, so that nothing
// a client wrote passes but keys, checked flag tokens and the payload.
#include "ringway/proto/memcached/request_writer.h"

#include <algorithm>

#include "ringway/base/assert.h"
#include "ringway/proto/memcached/request.h"

#include "proto/memcached/numbers.h"
#include "proto/memcached/words.h"

namespace ringway::proto::memcached {
namespace {

// A request has at most four numbers; the rest is spaces and line ends.
constexpr std::size_t numbers_and_spaces_bytes_max = 4 * (number_bytes_max + 1) + 16;
constexpr std::size_t line_end_bytes = 2;

bool touches(Command command) {
  return command == Command::gat || command == Command::gats;
}

char* put(char* out, Bytes bytes) {
  return std::copy(bytes.begin(), bytes.end(), out);
}

char* put_word(char* out, Bytes word) {
  *out++ = ' ';
  return put(out, word);
}

template <typename Number>
char* put_number(char* out, Number number) {
  *out++ = ' ';
  return write_number(number, out);
}

char* put_line_end(char* out) {
  return put(out, "\r\n");
}

char* put_payload(char* out, Bytes value) {
  return put_line_end(put(put_line_end(out), value));
}

// All flag tokens but q: only a server that always answers keeps the pairing, or a fence.
char* put_flags(char* out, Bytes flags, bool fenced) {
  Words words{flags.data(), flags.data() + flags.size()};
  for (Bytes token; words.next(token);) {
    if (token[0] != 'q' || fenced) out = put_word(out, token);
  }
  return out;
}

char* put_meta(char* out, const Request& request) {
  const bool set = request.command == Command::ms;
  if (!request.key.empty()) out = put_word(out, request.key);
  if (set) out = put_number(out, request.value.size());
  out = put_flags(out, request.memo, request.fenced);
  out = set ? put_payload(out, request.value) : put_line_end(out);
  return request.fenced ? put_line_end(put(out, row(Command::mn).name)) : out;
}

char* put_storage(char* out, const Request& request) {
  out = put_word(out, request.key);
  out = put_number(out, request.flags);
  out = put_number(out, request.exptime);
  out = put_number(out, request.value.size());
  if (request.command == Command::cas) out = put_number(out, request.cas);
  return put_payload(out, request.value);
}

}  // namespace

std::size_t serialized_bytes_max(const Request& request) {
  return row(request.command).name.size() + request.key.size() + request.memo.size() +
         request.value.size() + numbers_and_spaces_bytes_max;
}

char* serialize(const Request& request, char* out) {
  const CommandRow& command = row(request.command);
  RINGWAY_ASSERT(!command.many_keys || request.key_count <= 1);
  if (command.many_keys)
    out = write_get_head(request.command, request.exptime, out);
  else
    out = put(out, command.name);

  if (command.meta) return put_meta(out, request);
  if (command.payload) return put_storage(out, request);
  if (!request.key.empty()) out = put_word(out, request.key);
  switch (static_cast<Command>(request.command)) {
    case Command::incr:
    case Command::decr: out = put_number(out, request.delta); break;
    case Command::touch: out = put_number(out, request.exptime); break;
    case Command::flush_all:
      if (request.exptime != 0) out = put_number(out, request.exptime);
      break;
    default: break;
  }
  return put_line_end(out);
}

char* write_get_head(Command command, std::int64_t exptime, char* out) {
  out = put(out, row(command).name);
  return touches(command) ? put_number(out, exptime) : out;
}

std::size_t keys_bytes_max(Command command) {
  if (!touches(command)) return SIZE_MAX;
  return server_line_bytes_max - get_head_bytes_max - line_end_bytes;
}

}  // namespace ringway::proto::memcached
