// The server over real sockets: HTTP as clients send it, and as they should not.
#include "admin/http_server.h"

#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <list>
#include <stdexcept>
#include <sys/stat.h>
#include <thread>

#include "admin/http_connections.h"
#include "http_client.h"
#include "log/log.h"

namespace ringway::admin {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::atomic<int> answers_made = 0;
std::atomic<bool> action_over = false;

std::vector<HttpRoute> routes() {
  return {
      {"GET", "/hello", [](const HttpRequest&) { return HttpAnswer{.body = "hello\n"}; }},
      {"GET", "/large",
       [](const HttpRequest&) { return HttpAnswer{.body = std::string(8 << 20, 'x')}; }},
      {"GET", "/throw", [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("no"); }},
      {"POST", "/echo", [](const HttpRequest& r) { return HttpAnswer{.body = r.body}; }},
      {"GET", "/at_once", [](const HttpRequest&) { return HttpAnswer{.body = "now\n"}; },
       HttpWork::at_once},
      {"GET", "/slow",
       [](const HttpRequest&) {
         std::this_thread::sleep_for(300ms);
         return HttpAnswer{.body = "slow\n"};
       }},
      {"GET", "/counted",
       [](const HttpRequest&) { return HttpAnswer{.body = std::to_string(++answers_made)}; },
       HttpWork::reused},
      {.method = "POST",
       .pattern = "/action",
       .answer = {},
       .begin = [](const HttpRequest&) -> HttpLater {
         return []() -> std::optional<HttpAnswer> {
           if (!action_over) return std::nullopt;
           return HttpAnswer{.body = "done\n"};
         };
       }},
      {"GET", "/query/{name}",
       [](const HttpRequest& r) {
         std::string body(r.capture("name"));
         for (const auto& [key, value] : r.query) body.append("|" + key + "=" + value);
         return HttpAnswer{.body = body};
       }},
  };
}

class Started {
 public:
  explicit Started(const std::string& bind = "127.0.0.1:0", HttpLimits limits = {},
                   Duration reuse = {})
      : server_(limits), bind_(bind), reuse_(reuse) {
    answers_made = 0;
    action_over = false;
    start(bind);
  }

  void start(const std::string& bind) {
    const auto started = server_.start({{.bind = {bind}, .routes = routes(), .reuse = reuse_}});
    REQUIRE_MESSAGE(started, (started ? "" : started.error().what));
  }

  std::string address() const {
    if (bind_.starts_with("unix:")) return bind_;
    return bind_.substr(0, bind_.rfind(':') + 1) + std::to_string(server_.port(0));
  }

  HttpServer& server() { return server_; }

 private:
  HttpServer server_;
  std::string bind_;
  const Duration reuse_;
};

std::expected<void, HttpFailure> started_on(const std::string& bind) {
  HttpServer server;
  return server.start({{.bind = {bind}, .routes = routes()}});
}

TEST_CASE("a path is answered and the connection ends") {
  Started http;
  const std::string answer = ask(http.address(), "GET", "/hello");
  CHECK(status_of(answer) == 200);
  CHECK(body_of(answer) == "hello\n");
  CHECK(has(answer, "Connection: close\r\n"));
  CHECK(has(answer, "Content-Type: text/plain; charset=utf-8\r\n"));
}

TEST_CASE("HEAD has the headers of GET and no body") {
  Started http;
  const std::string answer = ask(http.address(), "HEAD", "/hello");
  CHECK(status_of(answer) == 200);
  CHECK(has(answer, "Content-Length: 6\r\n"));
  CHECK(body_of(answer).empty());
}

TEST_CASE("captures and the query reach the handler") {
  Started http;
  CHECK(body_of(ask(http.address(), "GET", "/query/a%2Fb?k=v%20w")) == "a/b|k=v w");
}

TEST_CASE("IPv6 and HTTP/1.0 are served too") {
  Started http("[::1]:0");
  CHECK(body_of(talk(http.address(), "GET /hello HTTP/1.0\r\n\r\n")) == "hello\n");
}

TEST_CASE("an unknown path gets 404 and the list of paths") {
  Started http;
  const std::string answer = ask(http.address(), "GET", "/nope");
  CHECK(status_of(answer) == 404);
  CHECK(has(body_of(answer), "GET /hello\n"));
}

TEST_CASE("a wrong method gets 405, with a body or without") {
  Started http;
  CHECK(has(ask(http.address(), "DELETE", "/hello"), "Allow: GET, HEAD\r\n"));
  CHECK(status_of(ask(http.address(), "POST", "/hello", "", "body")) == 405);
  CHECK(status_of(ask(http.address(), "PUT", "/echo", "", std::string(60'000, 'x'))) == 405);
}

TEST_CASE("a body comes through as it is, whatever it claims to be") {
  Started http;
  const std::string body("a\0b=%41&c", 9);
  for (const char* header :
       {"", "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n", "Content-Encoding: gzip\r\n"}) {
    CHECK_MESSAGE(body_of(ask(http.address(), "POST", "/echo", header, body)) == body, header);
  }
}

TEST_CASE("a POST without a length has no body, as curl sends it") {
  Started http;
  const auto begin = Clock::now();
  CHECK(status_of(ask(http.address(), "POST", "/echo")) == 200);
  CHECK(Clock::now() - begin < 500ms);
}

TEST_CASE("bodies may be chunked") {
  Started http;
  const std::string answer = ask(http.address(), "POST", "/echo",
                                 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n");
  CHECK(body_of(answer) == "abcde");
}

TEST_CASE("64 KiB is the largest body, and whoever sends more hears so") {
  Started http;
  const std::string most(HttpConnections::body_bytes_max, 'x');
  CHECK(body_of(ask(http.address(), "POST", "/echo", "", most)) == most);
  const std::string answer = ask(http.address(), "POST", "/echo", "", most + "x");
  CHECK(status_of(answer) == 413);
  CHECK(has(body_of(answer), "at most 64 KiB"));
}

TEST_CASE("a body far too large is refused in bounded time and memory") {
  Started http;
  const auto begin = Clock::now();
  HttpClient client(http.address());
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n");
  for (int i = 0; i < 100 && client.send(std::string(64 * 1024, 'x')); ++i) continue;
  CHECK(Clock::now() - begin < 3s);
  CHECK(status_of(ask(http.address(), "GET", "/hello")) == 200);
}

TEST_CASE("nonsense gets 400 or silence, and the next client is served") {
  Started http;
  CHECK(status_of(talk(http.address(), "get foo\r\n\r\n")) == 400);
  CHECK(status_of(talk(http.address(), "\x16\x03\x01\r\n\r\n")) == 0);
  CHECK(status_of(talk(http.address(), "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n")) ==
        404);
  CHECK(status_of(talk(http.address(), "GET /" + std::string(60'000, 'a'))) == 414);
  CHECK(status_of(talk(http.address(), std::string(60'000, '\n'))) == 414);
  CHECK(status_of(talk(http.address(), "GET / HTTP/1.1\r\nA: " + std::string(60'000, 'a'))) == 431);
  CHECK(status_of(ask(http.address(), "GET", "/hello")) == 200);
}

TEST_CASE("a request may arrive byte by byte") {
  Started http;
  HttpClient client(http.address());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nab")) {
    client.send({&c, 1});
    std::this_thread::sleep_for(1ms);
  }
  CHECK(body_of(client.rest()) == "ab");
}

TEST_CASE("headers that make libraries work hard are ignored") {
  Started http;
  std::string ranges = "Range: bytes=0-1";
  while (ranges.size() < 8000) ranges += ",0-1";
  const std::string answer =
      ask(http.address(), "GET", "/hello", ranges + "\r\nAccept-Encoding: gzip, br\r\n");
  CHECK(status_of(answer) == 200);
  CHECK(body_of(answer) == "hello\n");
}

TEST_CASE("a handler that throws costs a 500") {
  Started http;
  CHECK(status_of(ask(http.address(), "GET", "/throw")) == 500);
  CHECK(status_of(ask(http.address(), "GET", "/hello")) == 200);
}

TEST_CASE("large answers arrive whole") {
  Started http;
  CHECK(body_of(ask(http.address(), "GET", "/large")).size() == 8 << 20);
}

TEST_CASE("slow and silent clients do not keep others waiting") {
  Started http;
  std::list<HttpClient> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(http.address());
  std::list<HttpClient> slow;
  for (int i = 0; i < 3; ++i) slow.emplace_back(http.address()).send("GET /hel");
  const auto begin = Clock::now();
  for (int i = 0; i < 20; ++i) CHECK(status_of(ask(http.address(), "GET", "/hello")) == 200);
  CHECK(Clock::now() - begin < 500ms);
}

// The best of five: the machine may be busy with something else.
Clock::duration quickest_probe(const Started& http, const std::function<void()>& before_each) {
  auto quickest = Clock::duration::max();
  for (int i = 0; i < 5; ++i) {
    before_each();
    std::this_thread::sleep_for(20ms);
    const auto begin = Clock::now();
    CHECK(body_of(ask(http.address(), "GET", "/at_once")) == "now\n");
    quickest = std::min(quickest, Clock::now() - begin);
  }
  return quickest;
}

// What holds a hundred connections today holds hundreds tomorrow: the oldest goes.
TEST_CASE("a hundred clients that trickle keep a probe from nothing, not even beyond the limit") {
  for (const std::size_t most : {256, 16}) {
    Started http("127.0.0.1:0", {.connections_max = most});
    std::list<HttpClient> trickling;
    for (int i = 0; i < 100; ++i) trickling.emplace_back(http.address()).send("G");
    CHECK(quickest_probe(http, [&] {
            for (HttpClient& client : trickling) client.send("E");
          }) < 100ms);
  }
}

TEST_CASE("a probe waits for no answer that is being made") {
  Started http;
  std::list<HttpClient> slow;
  CHECK(quickest_probe(http, [&] {
          slow.emplace_back(http.address()).send("GET /slow HTTP/1.1\r\n\r\n");
        }) < 100ms);
  for (HttpClient& client : slow) CHECK(body_of(client.rest()) == "slow\n");
}

TEST_CASE("actions that wait keep nobody from the rest") {
  Started http;
  std::list<HttpClient> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.emplace_back(http.address()).send("POST /action HTTP/1.1\r\n\r\n");
  }
  CHECK(body_of(ask(http.address(), "GET", "/hello")) == "hello\n");
  action_over = true;
  for (HttpClient& client : waiting) CHECK(body_of(client.rest()) == "done\n");
}

TEST_CASE("as many actions may wait as leave room for others") {
  Started http("127.0.0.1:0", {.connections_max = 8});
  std::list<HttpClient> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(http.address()).send("POST /action HTTP/1.1\r\n\r\n");
  }
  std::this_thread::sleep_for(100ms);
  for (int i = 0; i < 12; ++i) CHECK(status_of(ask(http.address(), "POST", "/action")) == 503);
  CHECK(body_of(ask(http.address(), "GET", "/hello")) == "hello\n");
  action_over = true;
  for (HttpClient& client : waiting) CHECK(body_of(client.rest()) == "done\n");
}

TEST_CASE("who fills the last place is cut off for nobody, and for somebody the oldest is") {
  Started http("127.0.0.1:0", {.connections_max = 4});
  std::list<HttpClient> asking;
  for (int i = 0; i < 4; ++i) asking.emplace_back(http.address()).send("GET /hel");
  std::this_thread::sleep_for(300ms);
  for (HttpClient& client : asking) client.send("lo HTTP/1.1\r\n\r\n");
  for (HttpClient& client : asking) CHECK(body_of(client.rest()) == "hello\n");
  for (int i = 0; i < 4; ++i) asking.emplace_back(http.address()).send("GET /hel");
  std::this_thread::sleep_for(100ms);
  CHECK(body_of(ask(http.address(), "GET", "/hello")) == "hello\n");
}

TEST_CASE("whoever says how long he waits is told to go on then") {
  Started http("127.0.0.1:0", {.action_time_max = 50ms});
  HttpClient patient(http.address());
  patient.send("POST /action HTTP/1.1\r\nPrefer: wait=5\r\n\r\n");
  CHECK(status_of(ask(http.address(), "POST", "/action", "Prefer: wait=x\r\n")) == 504);
  action_over = true;
  CHECK(body_of(patient.rest()) == "done\n");
}

TEST_CASE("an action that takes too long is told to go on, and stopping answers the rest") {
  Started http("127.0.0.1:0", {.action_time_max = 50ms});
  CHECK(status_of(ask(http.address(), "POST", "/action")) == 504);
  Started other;
  HttpClient waiting(other.address());
  waiting.send("POST /action HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  other.server().stop();
  CHECK(status_of(waiting.rest()) == 503);
}

TEST_CASE("what was made is handed out again for a while, and shared by all who wait") {
  Started http("127.0.0.1:0", {}, 300ms);
  std::list<HttpClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(http.address()).send("GET /counted HTTP/1.1\r\n\r\n");
  }
  for (HttpClient& client : clients) CHECK(body_of(client.rest()) == "1");
  std::this_thread::sleep_for(350ms);
  CHECK(body_of(ask(http.address(), "GET", "/counted")) == "2");
}

TEST_CASE("without a time to reuse it every answer is made anew") {
  Started http;
  CHECK(body_of(ask(http.address(), "GET", "/counted")) == "1");
  CHECK(body_of(ask(http.address(), "GET", "/counted")) == "2");
}

TEST_CASE("several addresses answer the same") {
  HttpServer server;
  const std::string path = "/tmp/ringway-admin-several-" + std::to_string(::getpid()) + ".sock";
  REQUIRE(server.start({{.bind = {"127.0.0.1:0", "unix:" + path}, .routes = routes()}}));
  CHECK(body_of(ask("127.0.0.1:" + std::to_string(server.port(0)), "GET", "/hello")) == "hello\n");
  CHECK(body_of(ask("unix:" + path, "GET", "/hello")) == "hello\n");
}

TEST_CASE("a client that drips is cut off after two seconds") {
  Started http;
  HttpClient client(http.address());
  const auto begin = Clock::now();
  while (client.send("G") && Clock::now() - begin < 4s) std::this_thread::sleep_for(100ms);
  CHECK(Clock::now() - begin < 3s);
}

TEST_CASE("stopping waits for nobody who is slow") {
  Started http;
  HttpClient drips(http.address());
  drips.send("GET /hel");
  HttpClient reads_nothing(http.address());
  reads_nothing.send("GET /large HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  const auto begin = Clock::now();
  http.server().stop();
  CHECK(Clock::now() - begin < 1500ms);
  CHECK(http.server().port(0) == 0);
}

TEST_CASE("a stopped server starts again on the same address") {
  Started http;
  const std::string address = http.address();
  http.server().stop();
  http.start(address);
  CHECK(status_of(ask(address, "GET", "/hello")) == 200);
}

TEST_CASE("two servers never share an address") {
  Started first;
  const auto started = started_on(first.address());
  REQUIRE_FALSE(started);
  CHECK(has(started.error().what, first.address()));
  CHECK(status_of(ask(first.address(), "GET", "/hello")) == 200);
}

TEST_CASE("an address that is none is a failure with a reason") {
  CHECK_FALSE(started_on("localhost:1"));
  CHECK_FALSE(started_on("127.0.0.1"));
}

TEST_CASE("a unix socket is for its group, replaces a dead one, and goes when the server stops") {
  const std::string path = "/tmp/ringway-admin-test-" + std::to_string(::getpid()) + ".sock";
  const auto address = net::Address::parse("unix:" + path);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(dead, address->data(), address->size()) == 0);
  ::close(dead);
  {
    Started http("unix:" + path);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
    CHECK(body_of(ask("unix:" + path, "GET", "/hello")) == "hello\n");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a unix socket that somebody removed is made anew, and what is another's stays") {
  const std::string path = "/tmp/ringway-admin-anew-" + std::to_string(::getpid()) + ".sock";
  const auto there = [&] { return std::filesystem::exists(path); };
  const auto until_there = [&] {
    const auto begin = Clock::now();
    while (!there() && Clock::now() - begin < 5s) std::this_thread::sleep_for(5ms);
    return Clock::now() - begin;
  };
  {
    Started http("unix:" + path);
    std::filesystem::remove(path);
    http.server().look_at_files();
    CHECK(until_there() < 1s);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
    CHECK(body_of(ask("unix:" + path, "GET", "/hello")) == "hello\n");
    std::filesystem::remove(path);
    CHECK(until_there() < HttpServer::look_every + 1s);
    CHECK(body_of(ask("unix:" + path, "GET", "/hello")) == "hello\n");
  }
  CHECK_FALSE(there());
  {
    Started http("unix:" + path);
    std::filesystem::remove(path);
    Started successor("unix:" + path);
    http.server().look_at_files();
    http.server().stop();
    CHECK(there());
    CHECK(body_of(ask("unix:" + path, "GET", "/hello")) == "hello\n");
  }
  CHECK_FALSE(there());
}

TEST_CASE("a unix socket in whose place there is a folder is told once, and made when it is gone") {
  const std::string path = "/tmp/ringway-admin-folder-" + std::to_string(::getpid()) + ".sock";
  std::vector<std::string> lines;
  log::set_sink([&](log::Level, std::string_view line) { lines.emplace_back(line); });
  {
    Started http("unix:" + path);
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    for (int i = 0; i < 3; ++i) {
      http.server().look_at_files();
      std::this_thread::sleep_for(50ms);
    }
    CHECK(std::filesystem::is_directory(path));
    std::filesystem::remove(path);
    http.server().look_at_files();
    std::this_thread::sleep_for(100ms);
    CHECK(body_of(ask("unix:" + path, "GET", "/hello")) == "hello\n");
  }
  log::set_sink({});
  REQUIRE(lines.size() == 2);
  CHECK(has(lines[0], "there is a folder of that name which is no socket; take it away"));
  CHECK(has(lines[1], "it was made anew"));
}

TEST_CASE("many clients at once are all served") {
  Started http;
  std::list<HttpClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(http.address()).send("GET /hello HTTP/1.1\r\n\r\n");
  }
  for (HttpClient& client : clients) CHECK(body_of(client.rest()) == "hello\n");
}

}  // namespace
}  // namespace ringway::admin
