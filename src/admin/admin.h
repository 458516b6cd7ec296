// The two HTTP sites: what each answers. What is told comes from a View that control
// provides; who may ask is the gate's.
//
//   [metrics]  GET /metrics /healthz /readyz, nothing else: may be public
//   [admin]    the same, GET /status, and actions (POST): loopback, a unix socket, or a token
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/config/config.h"

#include "admin/gate.h"
#include "admin/http_server.h"
#include "admin/token.h"

namespace ringway::admin {

// The first two are asked by the thread that makes answers, the others by the loop: nothing
// may be waited for there.
class View {
 public:
  virtual ~View() = default;
  virtual std::string metrics_text() = 0;
  virtual std::string status_json() = 0;
  virtual bool healthy(std::string& why_not) = 0;
  virtual bool ready(std::string& why_not) = 0;
  // Somebody was turned away at the admin address.
  virtual void count_refused() = 0;
};

class Admin {
 public:
  // `actions` are routes of the admin address alone. View and token must outlive this.
  Admin(View& view, Token& token, std::vector<HttpRoute> actions = {});

  // Opens what is not "off"; all or none. Refuses an admin address beyond loopback
  // that has no token_file.
  std::expected<void, HttpFailure> start(const config::Metrics& metrics, const config::Admin& admin,
                                         HttpLimits limits = {});
  void stop();
  // See HttpServer.
  void look_at_files();

  // Of the first address of each.
  std::uint16_t metrics_port() const { return server_ ? server_->port(0) : std::uint16_t{0}; }
  std::uint16_t admin_port() const { return server_ ? server_->port(1) : std::uint16_t{0}; }

 private:
  std::vector<HttpRoute> metrics_routes() const;
  std::vector<HttpRoute> admin_routes() const;

  View& view_;
  Token& token_;
  const std::vector<HttpRoute> actions_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<HttpServer> server_;
};

// Nobody but this machine can reach it: a unix socket, 127.0.0.0/8, ::1.
Result<bool> is_local(std::string_view bind);

}  // namespace ringway::admin
