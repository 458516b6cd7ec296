// The two HTTP addresses: what each answers, and who may ask. What is told comes from
// a View that control provides.
//
//   [metrics]  GET /metrics /healthz /readyz, nothing else: may be public
//   [admin]    the same, GET /status, and actions (POST): loopback, a unix socket, or a token
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/config/config.h"

#include "admin/http_server.h"

namespace ringway::admin {

// The first two are asked by the thread that makes answers; the last one, for which
// nothing may be waited, by the loop.
class View {
 public:
  virtual ~View() = default;
  virtual std::string metrics_text() = 0;
  virtual std::string status_json() = 0;
  virtual bool ready(std::string& why_not) = 0;
};

class Admin {
 public:
  // `actions` are routes of the admin address alone. The view must outlive this.
  explicit Admin(View& view, std::vector<HttpRoute> actions = {});

  // Opens what is not "off"; both or none. Refuses an admin address beyond loopback
  // that has no token_file.
  Result<void> start(const config::Metrics& metrics, const config::Admin& admin);
  void stop() { server_.stop(); }

  std::uint16_t metrics_port() const { return server_.port(0); }
  std::uint16_t admin_port() const { return server_.port(1); }

 private:
  std::vector<HttpRoute> metrics_routes() const;
  std::vector<HttpRoute> admin_routes() const;
  std::optional<HttpAnswer> refuse(const HttpRequest& request) const;

  View& view_;
  const std::vector<HttpRoute> actions_;
  std::string token_;  // Empty: whoever reaches the address may use it.
  HttpServer server_;
};

// Nobody but this machine can reach it: a unix socket, 127.0.0.0/8, ::1.
Result<bool> is_local(std::string_view bind);

}  // namespace ringway::admin
