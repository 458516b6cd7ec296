// See resolver.h. glibc reports a name server that is down or slow, and SERVFAIL, as
// EAI_AGAIN; that a name has no address, in two ways.
#include "net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

namespace ringway::net {
namespace {

bool says_missing(int error) {
  return error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
}

}  // namespace

Answer looked_up(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos) return {.addresses = {}, .missing = true, .why = "has no port"};
  const std::string host = name.substr(0, colon);
  const std::string port = name.substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return {.addresses = {},
            .missing = says_missing(error),
            .why = std::string("does not resolve: ") + gai_strerror(error)};
  }
  Answer answer;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    answer.addresses.push_back(Address::from(entry->ai_addr, entry->ai_addrlen));
  }
  freeaddrinfo(found);
  return answer;
}

}  // namespace ringway::net
