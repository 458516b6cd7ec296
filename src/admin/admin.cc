// The routes of both addresses and the rules of who may ask. A refusal says what to do
// instead; a token is compared in constant time.
#include "admin/admin.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <sstream>

#include "net/address.h"

namespace ringway::admin {
namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";
constexpr Duration reuse = std::chrono::seconds(1);

std::vector<std::string> addresses(const std::string& bind) {
  return bind.empty() ? std::vector<std::string>() : std::vector{bind};
}

HttpAnswer readiness(View& view) {
  std::string why_not;
  if (view.ready(why_not)) return {.body = "ready\n"};
  return {.status = 503, .body = "not ready: " + why_not + "\n"};
}

// Takes as long for a wrong byte at the front as for one at the back.
bool same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i] ^ secret[i % secret.size()]);
  }
  return difference == 0;
}

bool bears(const HttpRequest& request, std::string_view token) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view given = request.header("Authorization");
  return given.starts_with(scheme) && same_secret(given.substr(scheme.size()), token);
}

// "localhost:9311" or an address: a name that somebody else's DNS cannot answer for.
bool names_this_machine(std::string_view host) {
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || host.starts_with('[') ||
         (!name.empty() && name.find_first_not_of("0123456789.") == name.npos);
}

// Browsers let any page send a POST to 127.0.0.1, but tell where it came from.
bool from_foreign_page(const HttpRequest& request) {
  const std::string_view origin = request.header("Origin");
  const std::string_view host = request.header("Host");
  if (request.method != "POST" || origin.empty()) return false;
  return origin != "http://" + std::string(host) || !names_this_machine(host);
}

Result<std::string> read_token(const std::string& file) {
  std::ifstream input(file);
  if (!input) return failure("cannot read admin.token_file " + file);
  std::string token(std::istreambuf_iterator<char>(input), {});
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.empty()) return failure("admin.token_file " + file + " is empty");
  return token;
}

Result<void> check_admin_bind(const config::Admin& admin) {
  const auto local = is_local(admin.bind);
  if (!local) return std::unexpected(local.error());
  if (*local || !admin.token_file.empty()) return {};
  return failure("admin.bind " + admin.bind +
                 " can be reached from other machines: set admin.token_file, or bind to "
                 "127.0.0.1 or a unix socket");
}

}  // namespace

Result<bool> is_local(std::string_view bind) {
  const auto address = net::Address::parse(bind);
  if (!address) return failure("admin.bind: " + address.error());
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

Admin::Admin(View& view, std::vector<HttpRoute> actions)
    : view_(view), actions_(std::move(actions)) {}

// A scrape is reused where anybody may scrape; who may see the status sees what is now.
Result<void> Admin::start(const config::Metrics& metrics, const config::Admin& admin) {
  HttpSite open_site{.bind = addresses(metrics.bind), .routes = metrics_routes(), .reuse = reuse};
  HttpSite own_site{.bind = addresses(admin.bind),
                    .routes = admin_routes(),
                    .guard = [this](const HttpRequest& request) { return refuse(request); }};
  if (!admin.bind.empty()) {
    if (auto allowed = check_admin_bind(admin); !allowed) return allowed;
    auto token = admin.token_file.empty() ? Result<std::string>() : read_token(admin.token_file);
    if (!token) return std::unexpected(token.error());
    token_ = std::move(*token);
  }
  // In this order: an action may wait for what begins after this, and nobody could stop it.
  std::vector<HttpSite> sites;
  sites.push_back(std::move(open_site));
  sites.push_back(std::move(own_site));
  return server_.start(std::move(sites));
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
       .answer = [](const HttpRequest&) { return HttpAnswer{.body = "ok\n"}; },
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
  std::ranges::copy(actions_, std::back_inserter(routes));
  return routes;
}

std::optional<HttpAnswer> Admin::refuse(const HttpRequest& request) const {
  if (!token_.empty() && !bears(request, token_)) {
    return HttpAnswer{.status = 401, .body = "send the token: Authorization: Bearer ...\n"};
  }
  if (from_foreign_page(request)) {
    return HttpAnswer{.status = 403, .body = "this action was sent by a page of another site\n"};
  }
  return std::nullopt;
}

}  // namespace ringway::admin
