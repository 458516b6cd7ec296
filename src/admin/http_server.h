// A small HTTP server for operators and their machines: a few threads, one request per
// connection, everything bounded in bytes and in time. Not for traffic. The grammar of
// HTTP is cpp-httplib's; sockets, threads and limits are ours, because cpp-httplib
// bounds neither the length of a request line nor the time a request takes to arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ringway/base/result.h"

#include "admin/http.h"

namespace ringway::admin {

class HttpServer {
 public:
  static constexpr std::size_t body_bytes_max = 64 * 1024;

  // Handlers and the guard are called from several threads at once.
  explicit HttpServer(std::vector<HttpRoute> routes, HttpGuard guard = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "127.0.0.1:9312", "[::1]:0", "unix:/run/ringway/admin.sock" (mode 0660). Two servers
  // never share an address. May take a second to find out that it is taken.
  Result<void> start(std::string_view bind);

  // Answers under way are finished for up to a second. Never from a handler.
  void stop();

  // The actual one, also for ":0"; 0 for unix sockets and while stopped.
  std::uint16_t port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringway::admin
