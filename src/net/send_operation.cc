// Empty parts are left out when a send is made: what is left always begins with a
// byte that can be sent.
#include "net/send_operation.h"

#include <limits>

#include "ringway/base/assert.h"

namespace ringway::net {

SendOperation::SendOperation(std::span<const Bytes> bytes) {
  RINGWAY_ASSERT(bytes.size() <= Io::send_parts_max);
  for (const Bytes part : bytes) {
    if (part.empty()) continue;
    parts[count++] = {.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()};
    total += part.size();
  }
  RINGWAY_ASSERT(total <= std::numeric_limits<std::int32_t>::max());
}

void SendOperation::advance(std::size_t bytes) {
  RINGWAY_ASSERT(sent + bytes <= total);
  sent += bytes;
  while (bytes > 0) {
    iovec& part = parts[first];
    if (bytes < part.iov_len) {
      part.iov_base = static_cast<char*>(part.iov_base) + bytes;
      part.iov_len -= bytes;
      return;
    }
    bytes -= part.iov_len;
    ++first;
  }
}

msghdr* SendOperation::message() {
  RINGWAY_ASSERT(first < count);
  header = {};
  header.msg_iov = &parts[first];
  header.msg_iovlen = count - first;
  return &header;
}

}  // namespace ringway::net
