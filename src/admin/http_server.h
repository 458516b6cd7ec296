// A small HTTP server for operators and their machines: one loop for all its addresses and
// hundreds of connections, one thread that makes answers, one request per connection, and
// everything bounded in bytes and in time. Not for traffic: both threads stand back.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "ringway/base/time.h"

#include "admin/http.h"

namespace ringway::admin {

// What is answered on some addresses, and to whom.
struct HttpSite {
  std::string name = {};  // "admin": the section of its settings.
  // "127.0.0.1:9312", "[::1]:0", "unix:/run/ringway/admin.sock".
  std::vector<std::string> bind;
  std::vector<HttpRoute> routes;
  HttpGuard guard = {};
  mode_t mode = 0660;      // Of unix sockets.
  std::string group = {};  // Of unix sockets; empty: the process' own.
  Duration reuse = {};     // For how long what HttpWork::reused made is handed out again.
};

struct HttpLimits {
  std::size_t connections_max = 256;  // Of all sites together.
  Duration action_time_max = std::chrono::minutes(2);
};

// Why there is no server, and what to do about it.
struct HttpFailure {
  std::string key;  // "admin.bind": where to.
  std::string what;
  std::string remedy;
};

class HttpServer {
 public:
  // Whether somebody has removed the file of a unix socket.
  static constexpr Duration look_every = std::chrono::seconds(3);

  explicit HttpServer(HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // All addresses, in their order, or none. Two servers never share one. May take a second
  // to find out that an address is taken.
  std::expected<void, HttpFailure> start(std::vector<HttpSite> sites);

  // Unix sockets whose files somebody has removed are made anew now, and not only at the next of
  // the looks that are taken every few seconds. Any thread.
  void look_at_files();

  // Answers under way are finished for up to half a second. Never from a handler.
  void stop();

  // The actual one of a site's first address, also for ":0"; 0 for unix sockets and while
  // stopped.
  std::uint16_t port(std::size_t site) const;

 private:
  struct State;
  const HttpLimits limits_;
  std::unique_ptr<State> state_;  // Null while stopped.
};

}  // namespace ringway::admin
