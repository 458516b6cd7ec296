// The server over real sockets: HTTP as clients send it, and as they should not.
#include "admin/http_server.h"

#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <list>
#include <stdexcept>
#include <sys/stat.h>
#include <thread>

#include "http_client.h"

namespace ringway::admin {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::vector<HttpRoute> routes() {
  return {
      {"GET", "/hello", [](const HttpRequest&) { return HttpAnswer{.body = "hello\n"}; }},
      {"GET", "/large",
       [](const HttpRequest&) { return HttpAnswer{.body = std::string(8 << 20, 'x')}; }},
      {"GET", "/throw", [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("no"); }},
      {"POST", "/echo", [](const HttpRequest& r) { return HttpAnswer{.body = r.body}; }},
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
  explicit Started(const std::string& bind = "127.0.0.1:0") : server_(routes()), bind_(bind) {
    const auto started = server_.start(bind);
    REQUIRE_MESSAGE(started, (started ? "" : started.error()));
  }

  std::string address() const {
    if (bind_.starts_with("unix:")) return bind_;
    return bind_.substr(0, bind_.rfind(':') + 1) + std::to_string(server_.port());
  }

  HttpServer& server() { return server_; }

 private:
  HttpServer server_;
  std::string bind_;
};

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
  const std::string most(HttpServer::body_bytes_max, 'x');
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
  CHECK(status_of(talk(http.address(), "\x16\x03\x01\r\n\r\n")) == 400);
  CHECK(status_of(talk(http.address(), "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n")) ==
        414);
  CHECK(status_of(talk(http.address(), "GET /" + std::string(60'000, 'a'))) == 431);
  CHECK(status_of(talk(http.address(), std::string(60'000, '\n'))) == 431);
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
  CHECK(http.server().port() == 0);
}

TEST_CASE("a stopped server starts again on the same address") {
  Started http;
  const std::string address = http.address();
  http.server().stop();
  REQUIRE(http.server().start(address));
  CHECK(status_of(ask(address, "GET", "/hello")) == 200);
}

TEST_CASE("two servers never share an address") {
  Started first;
  HttpServer second(routes());
  const auto started = second.start(first.address());
  REQUIRE_FALSE(started);
  CHECK(has(started.error(), first.address()));
  CHECK(status_of(ask(first.address(), "GET", "/hello")) == 200);
}

TEST_CASE("an address that is none is a failure with a reason") {
  HttpServer server(routes());
  CHECK_FALSE(server.start("localhost:1"));
  CHECK_FALSE(server.start("127.0.0.1"));
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
