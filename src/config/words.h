// The words that a key with a choice may have, as one table per enumeration. A
// word marked `later` is understood and refused.
#pragma once

#include <span>
#include <string_view>

#include "ringway/config/config.h"

namespace ringway::config {

template <typename E>
struct Word {
  std::string_view text;
  E value;
  bool later = false;
};

template <typename E>
std::span<const Word<E>> words();

template <>
inline std::span<const Word<IoKind>> words() {
  static constexpr Word<IoKind> table[] = {
      {"auto", IoKind::automatic}, {"io_uring", IoKind::io_uring}, {"epoll", IoKind::epoll}};
  return table;
}
template <>
inline std::span<const Word<Protocol>> words() {
  static constexpr Word<Protocol> table[] = {{"memcached", Protocol::memcached},
                                             {"redis", Protocol::redis}};
  return table;
}
template <>
inline std::span<const Word<ServerState>> words() {
  static constexpr Word<ServerState> table[] = {{"up", ServerState::up},
                                                {"drain", ServerState::drain},
                                                {"maintenance", ServerState::maintenance}};
  return table;
}
template <>
inline std::span<const Word<EjectMode>> words() {
  static constexpr Word<EjectMode> table[] = {{"rehash", EjectMode::rehash},
                                              {"backup", EjectMode::backup},
                                              {"spare", EjectMode::spare, true},
                                              {"error", EjectMode::error}};
  return table;
}
template <>
inline std::span<const Word<OnReadmit>> words() {
  static constexpr Word<OnReadmit> table[] = {{"replay", OnReadmit::replay},
                                              {"keep", OnReadmit::keep}};
  return table;
}
template <>
inline std::span<const Word<OnReadError>> words() {
  static constexpr Word<OnReadError> table[] = {{"error", OnReadError::error},
                                                {"miss", OnReadError::miss}};
  return table;
}
template <>
inline std::span<const Word<OnWriteError>> words() {
  static constexpr Word<OnWriteError> table[] = {{"error", OnWriteError::error},
                                                 {"not_stored", OnWriteError::not_stored}};
  return table;
}
template <>
inline std::span<const Word<Check>> words() {
  static constexpr Word<Check> table[] = {
      {"auto", Check::automatic}, {"tcp", Check::tcp}, {"off", Check::off}};
  return table;
}
template <>
inline std::span<const Word<ClientsFull>> words() {
  static constexpr Word<ClientsFull> table[] = {{"reject", ClientsFull::reject},
                                                {"wait", ClientsFull::wait}};
  return table;
}
template <>
inline std::span<const Word<FlushAll>> words() {
  static constexpr Word<FlushAll> table[] = {{"refused", FlushAll::refused},
                                             {"allowed", FlushAll::allowed}};
  return table;
}
template <>
inline std::span<const Word<LogFormat>> words() {
  static constexpr Word<LogFormat> table[] = {{"text", LogFormat::text}, {"json", LogFormat::json}};
  return table;
}
template <>
inline std::span<const Word<LogLevel>> words() {
  static constexpr Word<LogLevel> table[] = {{"debug", LogLevel::debug},
                                             {"info", LogLevel::info},
                                             {"warning", LogLevel::warning},
                                             {"error", LogLevel::error}};
  return table;
}

// As the file writes it.
template <typename E>
std::string_view word(E value) {
  for (const Word<E>& one : words<E>()) {
    if (one.value == value) return one.text;
  }
  return "";
}

}  // namespace ringway::config
