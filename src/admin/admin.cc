// The routes of both sites. Who asks for an action is in the log before it begins; who is
// refused never gets as far as a route.
#include "admin/admin.h"

#include <algorithm>
#include <iterator>
#include <netinet/in.h>

#include "log/log.h"
#include "net/address.h"

namespace ringway::admin {
namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";
constexpr Duration reuse = std::chrono::seconds(1);

HttpAnswer health(View& view) {
  std::string why_not;
  if (view.healthy(why_not)) return {.body = "ok\n"};
  return {.status = 503, .body = "not healthy: " + why_not + "\n"};
}

HttpAnswer readiness(View& view) {
  std::string why_not;
  if (view.healthy(why_not) && view.ready(why_not)) return {.body = "ready\n"};
  return {.status = 503, .body = "not ready: " + why_not + "\n"};
}

HttpRoute logged(HttpRoute route) {
  if (route.method != "POST") return route;
  const auto tell = [](const HttpRequest& request) {
    log::tell(log::Level::info, {.name = "admin_asked", .client = request.peer},
              "admin: {} asks for {} {}", request.peer, request.method, request.target);
  };
  if (route.begin) {
    route.begin = [tell, begin = std::move(route.begin)](const HttpRequest& request) {
      tell(request);
      return begin(request);
    };
  } else {
    route.answer = [tell, answer = std::move(route.answer)](const HttpRequest& request) {
      tell(request);
      return answer(request);
    };
  }
  return route;
}

std::expected<void, HttpFailure> check_admin_binds(const config::Admin& admin) {
  for (const std::string& bind : admin.bind) {
    const auto local = is_local(bind);
    if (!local) {
      return std::unexpected(HttpFailure{"admin.bind", local.error(), "write ADDRESS:PORT"});
    }
    if (*local || !admin.token_file.empty()) continue;
    return std::unexpected(
        HttpFailure{"admin.bind", bind + " can be reached from other machines",
                    "set admin.token_file, or bind to 127.0.0.1 or a unix socket"});
  }
  return {};
}

}  // namespace

Result<bool> is_local(std::string_view bind) {
  const auto address = net::Address::parse(bind);
  if (!address) return failure(address.error());
  switch (address->family()) {
    case AF_UNIX: return true;
    case AF_INET: {
      const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(address->data());
      return ntohl(ipv4->sin_addr.s_addr) >> 24U == 127;
    }
    case AF_INET6: {
      const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(address->data());
      return IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr) != 0;
    }
    default: return false;
  }
}

Admin::Admin(View& view, Token& token, std::vector<HttpRoute> actions)
    : view_(view), token_(token), actions_(std::move(actions)) {}

// A scrape is reused where anybody may scrape; who may see the status sees what is now.
std::expected<void, HttpFailure> Admin::start(const config::Metrics& metrics,
                                              const config::Admin& admin, HttpLimits limits) {
  if (auto allowed = check_admin_binds(admin); !allowed) return allowed;
  if (!admin.bind.empty()) {
    if (auto read = token_.read(); !read) {
      return std::unexpected(HttpFailure{"admin.token_file", read.error(),
                                         "write a token into its first line, and let ringway's "
                                         "user read it"});
    }
  }
  gate_ = std::make_unique<Gate>(token_, admin.hosts, [this] { view_.count_refused(); });
  // In this order: an action may wait for what begins after this, and nobody could stop it.
  std::vector<HttpSite> sites;
  sites.push_back({.name = "metrics",
                   .bind = metrics.bind,
                   .routes = metrics_routes(),
                   .mode = metrics.mode,
                   .group = metrics.group,
                   .reuse = reuse});
  sites.push_back({.name = "admin",
                   .bind = admin.bind,
                   .routes = admin_routes(),
                   .guard = [this](const HttpRequest& request) { return gate_->look(request); },
                   .mode = admin.mode,
                   .group = admin.group});
  server_ = std::make_unique<HttpServer>(limits);
  return server_->start(std::move(sites));
}

void Admin::stop() {
  if (server_) server_->stop();
}

void Admin::look_at_files() {
  if (server_) server_->look_at_files();
}

std::vector<HttpRoute> Admin::metrics_routes() const {
  return {
      {.method = "GET",
       .pattern = "/metrics",
       .answer =
           [this](const HttpRequest&) {
             return HttpAnswer{.body = view_.metrics_text(),
                               .content_type = std::string(prometheus_text)};
           },
       .work = HttpWork::reused},
      {.method = "GET",
       .pattern = "/healthz",
       .answer = [this](const HttpRequest&) { return health(view_); },
       .work = HttpWork::at_once},
      {.method = "GET",
       .pattern = "/readyz",
       .answer = [this](const HttpRequest&) { return readiness(view_); },
       .work = HttpWork::at_once},
  };
}

std::vector<HttpRoute> Admin::admin_routes() const {
  std::vector<HttpRoute> routes = metrics_routes();
  routes.push_back({"GET", "/status", [this](const HttpRequest&) {
                      return HttpAnswer{.body = view_.status_json(),
                                        .content_type = std::string(json)};
                    }});
  std::ranges::transform(actions_, std::back_inserter(routes), logged);
  return routes;
}

}  // namespace ringway::admin
