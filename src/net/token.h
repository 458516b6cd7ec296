// What we write into an operation and read back from its completion: who asked,
// for what, and which generation of that connection asked. No pointer ever
// travels through the kernel, so a trace of completions can be logged and replayed.
#pragma once

#include <cstdint>

namespace ringway::net {

enum class Op : std::uint8_t {
  none,  // Never completes; marks what the Io keeps for itself.
  accept,
  client_recv,
  client_send,
  server_connect,
  server_recv,
  server_send,
};

struct Token {
  Op op = Op::none;
  std::uint8_t spare = 0;
  std::uint16_t generation = 0;
  std::uint32_t index = 0;

  bool operator==(const Token&) const = default;
};
static_assert(sizeof(Token) == sizeof(std::uint64_t), "must fit io_uring's user_data");

}  // namespace ringway::net
