// Requests and answers of the HTTP addresses as values, and which route answers what.
// No sockets and no HTTP grammar: those are http_connections'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringway::admin {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  static constexpr std::size_t target_bytes_max = 200;

  std::string method;
  std::string target = {};  // As sent, for the log: at most so many bytes, none of them odd.
  std::string path;         // As sent, without the query.
  HttpFields headers;       // Names as sent.
  HttpFields query;         // Decoded.
  HttpFields captures;      // What stands for each {name} of the route's pattern, decoded.
  std::string body;         // Empty while guards look at the request.
  std::string peer = {};    // Who asks, for the log: "127.0.0.1:4711", "uid 0".
  bool local = false;       // By a unix socket: no browser, no other machine.

  // Empty if there is none. Names of headers know no case.
  std::string_view header(std::string_view name) const;
  std::string_view capture(std::string_view name) const;
};

struct HttpAnswer {
  int status = 200;
  std::string body = {};
  std::string content_type = "text/plain; charset=utf-8";
  std::string allow = {};  // For 405: the methods that would do.
};

using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;
// Asked now and then until there is an answer.
using HttpLater = std::function<std::optional<HttpAnswer>()>;

// Where an answer is made.
enum class HttpWork : std::uint8_t {
  made,     // In the one thread that makes answers, one after another.
  reused,   // The same, and handed out again to whoever asks within HttpSite::reuse.
  at_once,  // In the loop: must wait for nothing.
};

// Patterns are paths in which a whole segment may be a name in braces:
// "/pools/{pool}/servers/{server}/state". GET answers HEAD as well. Other methods than
// GET and POST are not known.
struct HttpRoute {
  std::string method;
  std::string pattern;
  HttpHandler answer;
  HttpWork work = HttpWork::made;
  // In place of `answer`, for what takes its time: begins it.
  std::function<HttpLater(const HttpRequest&)> begin = {};
};

// Sees every request first and may refuse it.
using HttpGuard = std::function<std::optional<HttpAnswer>(const HttpRequest&)>;

class HttpRoutes {
 public:
  HttpRoutes(std::vector<HttpRoute> routes, HttpGuard guard);

  // Finds who answers and fills `captures`; or says why nobody does (and then which
  // paths or methods would do).
  const HttpRoute* find(HttpRequest& request, HttpAnswer& refusal) const;

 private:
  std::string known_paths() const;

  std::vector<HttpRoute> routes_;
  HttpGuard guard_;
};

// True and the captured names if the path has the pattern's form.
bool matches(std::string_view pattern, std::string_view path, HttpFields& captures);

// With a dot for each byte that has no place in a line of a log.
std::string printable(std::string_view text);

// "/a%2Fb?k=v%20w&x": the path as it is, the query decoded.
void set_target(HttpRequest& request, std::string_view target);

// "a%20b" -> "a b"; a '%' that begins no byte stays.
std::string percent_decoded(std::string_view text);

}  // namespace ringway::admin
