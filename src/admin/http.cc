// Matching of paths, methods and headers. Paths are compared as sent and decoded per
// segment, so that a server's name may hold an encoded slash.
#include "admin/http.h"

#include <algorithm>
#include <charconv>

#include "ringway/base/assert.h"

namespace ringway::admin {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_capture(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// In a query a plus is a space.
std::string form_decoded(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

bool method_fits(std::string_view route, std::string_view asked) {
  return route == asked || (route == "GET" && asked == "HEAD");
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_without_case(key, name)) return value;
  }
  return {};
}

std::string_view HttpRequest::capture(std::string_view name) const {
  const auto found = std::ranges::find(captures, name, &HttpFields::value_type::first);
  return found == captures.end() ? std::string_view() : std::string_view(found->second);
}

HttpRoutes::HttpRoutes(std::vector<HttpRoute> routes, HttpGuard guard)
    : routes_(std::move(routes)), guard_(std::move(guard)) {
  for (const HttpRoute& route : routes_) {
    RINGWAY_ASSERT(route.method == "GET" || route.method == "POST");
    RINGWAY_ASSERT(route.pattern.starts_with('/'));
    RINGWAY_ASSERT(!route.answer != !route.begin);
  }
}

const HttpRoute* HttpRoutes::find(HttpRequest& request, HttpAnswer& refusal) const {
  if (guard_) {
    if (auto refused = guard_(request)) {
      refusal = std::move(*refused);
      return nullptr;
    }
  }
  std::string allow;
  for (const HttpRoute& route : routes_) {
    HttpFields captures;
    if (!matches(route.pattern, request.path, captures)) continue;
    if (method_fits(route.method, request.method)) {
      request.captures = std::move(captures);
      return &route;
    }
    allow.append(allow.empty() ? "" : ", ").append(route.method == "GET" ? "GET, HEAD" : "POST");
  }
  if (allow.empty()) {
    refusal = {.status = 404, .body = "no such path; there are:\n" + known_paths()};
  } else {
    refusal = {.status = 405,
               .body = "this path answers " + allow + "; there are:\n" + known_paths()};
    refusal.allow = std::move(allow);
  }
  return nullptr;
}

std::string HttpRoutes::known_paths() const {
  std::string paths;
  for (const HttpRoute& route : routes_) {
    paths.append(route.method).append(" ").append(route.pattern).append("\n");
  }
  return paths;
}

bool matches(std::string_view pattern, std::string_view path, HttpFields& captures) {
  for (;;) {
    const std::size_t pattern_end = pattern.find('/');
    const std::size_t path_end = path.find('/');
    const std::string_view wanted = pattern.substr(0, pattern_end);
    const std::string_view segment = path.substr(0, path_end);
    if (is_capture(wanted) && !segment.empty()) {
      captures.emplace_back(wanted.substr(1, wanted.size() - 2), percent_decoded(segment));
    } else if (wanted != segment) {
      return false;
    }
    if (pattern_end == pattern.npos || path_end == path.npos) return pattern_end == path_end;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(
      shown, [](char c) { return c < '!' || c > '~'; }, '.');
  return shown;
}

void set_target(HttpRequest& request, std::string_view target) {
  request.target = printable(target.substr(0, HttpRequest::target_bytes_max));
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query.clear();
  std::string_view query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    request.query.emplace_back(form_decoded(pair.substr(0, equals)), form_decoded(value));
  }
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    unsigned char byte = 0;
    const char* digits_end = text.data() + std::min<std::size_t>(text.size(), 3);
    if (text.front() == '%' && text.size() >= 3 &&
        std::from_chars(text.data() + 1, digits_end, byte, 16).ptr == digits_end) {
      decoded.push_back(static_cast<char>(byte));
      text.remove_prefix(3);
    } else {
      decoded.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return decoded;
}

}  // namespace ringway::admin
