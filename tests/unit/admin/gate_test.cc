// Who may ask the admin address, and what is told of those who may not.
#include "admin/gate.h"

#include <doctest/doctest.h>
#include <fstream>
#include <unistd.h>

#include "log/log.h"

namespace ringway::admin {
namespace {

HttpRequest request_with(HttpFields headers, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.target = "/status";
  request.peer = "127.0.0.1:4711";
  request.headers = std::move(headers);
  return request;
}

struct Gated {
  Gated() {
    log::set_sink([this](log::Level, std::string_view line) { lines.emplace_back(line); });
  }
  ~Gated() { log::set_sink({}); }

  int status_of(const HttpRequest& request) {
    const auto answer = gate.look(request);
    return answer ? answer->status : 200;
  }

  std::vector<std::string> lines;
  int refused = 0;
  Token token{""};
  Gate gate{token, {"Router1.prod"}, [this] { ++refused; }};
};

TEST_CASE("addresses, localhost and hosts are names of ours") {
  const std::vector<std::string> hosts = {"router1.prod"};
  for (const char* good :
       {"127.0.0.1", "127.0.0.1:9311", "10.1.2.3:80", "[::1]:9311", "[fe80::1]", "localhost",
        "LocalHost:9311", "localhost.:9311", "router1.prod", "ROUTER1.prod:9311"}) {
    CHECK_MESSAGE(host_allowed(good, hosts), good);
  }
  for (const char* bad :
       {"", ":9311", "evil.example", "evil.example:9311", "127.0.0.1.evil.example", "1.2.3",
        "256.1.1.1", "[::1", "[]", "[evil]:1", "[::1]evil", "localhost.evil.example",
        "router1.prod.evil.example", "router2.prod", "localhost:80:80", "localhost:x",
        "localhost:123456", "127.0.0.1@evil.example"}) {
    CHECK_MESSAGE(!host_allowed(bad, hosts), bad);
  }
}

TEST_CASE("a name that leads here by somebody else's DNS is refused, for reading too") {
  Gated gated;
  CHECK(gated.status_of(request_with({{"Host", "evil.example:9311"}})) == 403);
  CHECK(gated.status_of(request_with({{"HOST", "localhost"}, {"host", "evil.example"}})) == 403);
  CHECK(gated.status_of(request_with({{"Host", "localhost:9311"}})) == 200);
  CHECK(gated.status_of(request_with({{"Host", "router1.prod"}})) == 200);
  CHECK(gated.status_of(request_with({})) == 200);  // No browser.
  HttpRequest local = request_with({{"Host", "anything"}});
  local.local = true;
  CHECK(gated.status_of(local) == 200);
}

TEST_CASE("a page of our own may act, also through a proxy that speaks TLS") {
  Gated gated;
  const auto act = [&](const char* host, const char* origin) {
    return gated.status_of(request_with({{"Host", host}, {"Origin", origin}}, "POST"));
  };
  CHECK(act("localhost:9311", "http://localhost:9311") == 200);
  CHECK(act("router1.prod", "https://router1.prod") == 200);
  CHECK(act("localhost:9311", "http://evil.example") == 403);
  CHECK(act("localhost:9311", "null") == 403);
}

TEST_CASE("refusals are counted each, and told some times a minute") {
  Gated gated;
  for (int i = 0; i < 25; ++i) gated.status_of(request_with({{"Host", "evil.example"}}));
  CHECK(gated.refused == 25);
  REQUIRE(gated.lines.size() == Gate::lines_per_minute_max);
  CHECK(gated.lines[0] ==
        "admin: refused GET /status of 127.0.0.1:4711: under a name that is not in hosts");
}

TEST_CASE("a name in hosts may end with a dot, as names of DNS may") {
  CHECK(host_allowed("router1.prod", {"router1.prod."}));
  CHECK(host_allowed("router1.prod.:9311", {"Router1.prod."}));
}

class TokenFile {
 public:
  explicit TokenFile(std::string_view text) { write(text); }
  ~TokenFile() { ::unlink(path.c_str()); }
  void write(std::string_view text) const { std::ofstream(path) << text; }

  std::string path = "/tmp/ringway-gate-test-" + std::to_string(::getpid());
};

TEST_CASE("the token is the first line, and stays what it was when the file is no good") {
  const TokenFile file(" s3cret \r\nnot this\n");
  Token token(file.path);
  CHECK_FALSE(token.is(""));
  REQUIRE(token.read());
  CHECK(token.is("s3cret"));
  CHECK_FALSE(token.is("s3cret \r\nnot this"));
  CHECK_FALSE(token.is("s3cre"));
  CHECK_FALSE(token.is(""));
  file.write("\nnot this either\n");
  CHECK_FALSE(token.read());
  CHECK(token.is("s3cret"));
  file.write("other");
  REQUIRE(token.read());
  CHECK_FALSE(token.is("s3cret"));
  CHECK(token.is("other"));
}

TEST_CASE("guesses of the token are told, however many ask without one") {
  const TokenFile file("s3cret\n");
  Token token(file.path);
  REQUIRE(token.read());
  std::vector<std::string> warnings;
  std::vector<std::string> others;
  log::set_sink([&](log::Level level, std::string_view line) {
    (level == log::Level::warning ? warnings : others).emplace_back(line);
  });
  int refused = 0;
  Gate gate(token, {}, [&] { ++refused; });
  const auto ask = [&](HttpFields headers) { gate.look(request_with(std::move(headers))); };
  for (int i = 0; i < 50; ++i) ask({});
  for (int i = 0; i < 50; ++i) ask({{"Authorization", "Bearer guess"}});
  CHECK(others.size() == Gate::lines_per_minute_max);
  REQUIRE(warnings.size() == Gate::lines_per_minute_max);
  CHECK(warnings[0].ends_with("with a wrong token"));
  CHECK(refused == 50);  // To ask without one is how to find out whether one is wanted.
  log::pass_time(never - std::chrono::seconds(1));
  REQUIRE(warnings.size() == Gate::lines_per_minute_max + 1);
  CHECK(warnings.back().find("39 lines like this left out") != std::string::npos);
  log::set_sink({});
}

}  // namespace
}  // namespace ringway::admin
