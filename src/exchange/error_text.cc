// Error sentences. Clients log them and operators search for them: keep them stable,
// and keep the table in configs/errors.md, which lists them all.
#include "exchange/error_text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>

#include "ringway/base/plain_text.h"

namespace ringway::proxy {

std::string duration_text(Duration duration) {
  using namespace std::chrono;
  if (duration % seconds(1) == Duration::zero()) {
    return fmt::format("{}s", duration_cast<seconds>(duration).count());
  }
  if (duration >= milliseconds(1)) return fmt::format("{}ms", to_ms(duration));
  return fmt::format("{}us", duration_cast<microseconds>(duration).count());
}

std::string of_server(std::string_view label, std::string_view what) {
  return fmt::format("server {} {}", label, what);
}

std::string of_pool(std::string_view pool, std::string_view what) {
  return fmt::format("pool {} {}", pool, what);
}

std::string said(std::string_view text) {
  // Tier behind tier each says it of the next.
  constexpr std::size_t said_bytes_max = 200;
  return fmt::format("says \"{}\"", visible(text.substr(0, said_bytes_max)));
}

std::string shunned_text(std::string_view command, Duration left) {
  return fmt::format("closes connections at {}; next try in {}", command,
                     duration_text(std::max(left, Duration(1'000'000))));
}

std::string_view connection_failure(int error) {
  switch (error) {
    case 0: return "closed the connection";
    case ECONNREFUSED: return "refused the connection";
    case ENOENT: return "has no socket there";
    case ECONNRESET: return "reset the connection";
    case EPIPE: return "closed the connection";
    case ETIMEDOUT: return "does not answer";
    case EHOSTUNREACH:
    case ENETUNREACH: return "cannot be reached";
    case EAGAIN: return "has a full backlog";
    case EMFILE:
    case ENFILE: return "got no connection: ringway is out of file descriptors";
    default: return "lost the connection";
  }
}

bool ended_by_peer(int error) {
  return error == 0 || error == ECONNRESET || error == EPIPE;
}

}  // namespace ringway::proxy
