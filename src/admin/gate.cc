// See gate.h. A browser lets any page send a POST to 127.0.0.1, but tells where it came
// from; and a name that its owner lets lead to 127.0.0.1 makes any page one of ours, but
// then the name is in Host.
#include "admin/gate.h"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "admin/http_thread.h"
#include "log/log.h"

namespace ringway::admin {
namespace {

std::string_view bearer(const HttpRequest& request) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view given = request.header("Authorization");
  return given.starts_with(scheme) ? given.substr(scheme.size()) : std::string_view();
}

bool is_port(std::string_view text) {
  return text.empty() || (text.front() == ':' && text.size() > 1 && text.size() <= 6 &&
                          text.find_first_not_of("0123456789", 1) == text.npos);
}

bool is_address(int family, std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  return ::inet_pton(family, std::string(text).c_str(), address) == 1;
}

std::string lower(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return all;
}

// "router1.prod." is the same name.
std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

// A page sends its own origin, whose host is ours if it is our page.
bool from_foreign_page(const HttpRequest& request) {
  const std::string_view origin = request.header("Origin");
  const std::string host(request.header("Host"));
  return request.method == "POST" && !origin.empty() && origin != "http://" + host &&
         origin != "https://" + host;
}

// Without any token somebody may only find out whether there is one, as `reload` does.
bool bare(const HttpRequest& request, const HttpAnswer& refusal) {
  return refusal.status == 401 && bearer(request).empty();
}

}  // namespace

std::optional<HttpAnswer> Gate::look(const HttpRequest& request) {
  auto refused = refusal(request);
  if (refused) {
    if (!bare(request, *refused)) on_refused_();
    tell(request, *refused);
  }
  return refused;
}

std::optional<HttpAnswer> Gate::refusal(const HttpRequest& request) const {
  if (token_.wanted() && !token_.is(bearer(request))) {
    return HttpAnswer{.status = 401, .body = "send the token: Authorization: Bearer ...\n"};
  }
  for (const auto& [name, value] : request.headers) {
    // No browser speaks to a unix socket.
    if (request.local || lower(name) != "host" || host_allowed(value, hosts_)) continue;
    return HttpAnswer{.status = 403,
                      .body =
                          "ask by IP address or localhost, or write the name into hosts of "
                          "[admin]\n"};
  }
  if (from_foreign_page(request)) {
    return HttpAnswer{.status = 403, .body = "this action was sent by a page of another site\n"};
  }
  return std::nullopt;
}

// What the limit refuses is told when its minute is over, the newest of each cause with the number
// of the others.
void Gate::tell(const HttpRequest& request, const HttpAnswer& refusal) {
  const std::string_view why = bare(request, refusal)       ? "without the token"
                               : refusal.status == 401      ? "with a wrong token"
                               : from_foreign_page(request) ? "sent by a page of another site"
                                                            : "under a name that is not in hosts";
  const auto level = bare(request, refusal) ? log::Level::info : log::Level::warning;
  const std::string cause(why);
  log::write_limited(lines_.ask(cause, http_now()), "admin refusals " + cause, level,
                     fmt::format("admin: refused {} {} of {}: {}", request.method, request.target,
                                 request.peer, why),
                     {.name = "admin_refused", .client = request.peer, .cause = cause});
}

bool host_allowed(std::string_view host, const std::vector<std::string>& hosts) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != host.npos && is_port(host.substr(end + 1)) &&
           is_address(AF_INET6, host.substr(1, end - 1));
  }
  const std::size_t colon = std::min(host.find(':'), host.size());
  if (!is_port(host.substr(colon))) return false;
  std::string name = lower(host.substr(0, colon));
  if (is_address(AF_INET, name)) return true;
  name = without_dot(std::move(name));
  return name == "localhost" || std::ranges::any_of(hosts, [&](const std::string& one) {
           return without_dot(lower(one)) == name;
         });
}

}  // namespace ringway::admin
