// What the two addresses answer, and to whom.
#include "admin/admin.h"

#include <atomic>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <thread>

#include "http_client.h"

namespace ringway::admin {
namespace {

class FakeView final : public View {
 public:
  std::string metrics_text() override { return "ringway_up 1\n"; }
  bool ready(std::string& why_not) override {
    why_not = why;
    return why.empty();
  }
  std::string status_json() override { return R"({"generation":1})"; }

  std::string why;
};

class Both {
 public:
  explicit Both(const config::Admin& config = {.bind = "127.0.0.1:0", .token_file = ""})
      : admin_(view, {{"POST", "/reload",
                       [](const HttpRequest&) { return HttpAnswer{.body = "reloaded\n"}; }}}) {
    const auto started = admin_.start({.bind = "127.0.0.1:0"}, config);
    REQUIRE_MESSAGE(started, (started ? "" : started.error()));
  }

  std::string metrics() const { return "127.0.0.1:" + std::to_string(admin_.metrics_port()); }
  std::string admin() const { return "127.0.0.1:" + std::to_string(admin_.admin_port()); }

  FakeView view;

 private:
  Admin admin_;
};

class TokenFile {
 public:
  explicit TokenFile(std::string_view text) { std::ofstream(path_) << text; }
  ~TokenFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_; }

 private:
  std::string path_ = "/tmp/ringway-token-test-" + std::to_string(::getpid());
};

Result<void> started(const config::Admin& config) {
  FakeView view;
  return Admin(view).start({.bind = ""}, config);
}

TEST_CASE("nobody asks for an action while the metrics address may still be taken") {
  const std::string folder = "/tmp/ringway-admin-test-" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  const std::string bind = "unix:" + folder + "/admin.sock";
  const Both other;  // Has the metrics address.
  FakeView view;
  Admin admin(view, {});
  std::atomic<bool> over = false;
  std::atomic<bool> was_there = false;
  std::thread looking([&] {
    while (!over) {
      if (std::filesystem::exists(folder + "/admin.sock")) was_there = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  CHECK_FALSE(admin.start({.bind = other.metrics()}, {.bind = bind, .token_file = ""}));
  over = true;
  looking.join();
  CHECK_FALSE(was_there);
  std::filesystem::remove_all(folder);
}

TEST_CASE("metrics are in Prometheus' format, on both addresses") {
  Both http;
  for (const auto& address : {http.metrics(), http.admin()}) {
    const std::string answer = ask(address, "GET", "/metrics");
    CHECK(body_of(answer) == "ringway_up 1\n");
    CHECK(has(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  }
}

TEST_CASE("ringway is healthy whenever it answers") {
  Both http;
  http.view.why = "draining";
  CHECK(body_of(ask(http.metrics(), "GET", "/healthz")) == "ok\n");
}

TEST_CASE("readiness says why not") {
  Both http;
  CHECK(status_of(ask(http.metrics(), "GET", "/readyz")) == 200);
  http.view.why = "draining";
  const std::string answer = ask(http.metrics(), "GET", "/readyz");
  CHECK(status_of(answer) == 503);
  CHECK(body_of(answer) == "not ready: draining\n");
}

TEST_CASE("the metrics address has neither status nor actions") {
  Both http;
  CHECK(status_of(ask(http.metrics(), "GET", "/status")) == 404);
  CHECK(status_of(ask(http.metrics(), "POST", "/reload")) == 404);
}

TEST_CASE("the admin address has status and actions") {
  Both http;
  const std::string answer = ask(http.admin(), "GET", "/status");
  CHECK(body_of(answer) == R"({"generation":1})");
  CHECK(has(answer, "Content-Type: application/json\r\n"));
  CHECK(body_of(ask(http.admin(), "POST", "/reload")) == "reloaded\n");
  CHECK(status_of(ask(http.admin(), "GET", "/reload")) == 405);
}

TEST_CASE("addresses that are off are not opened") {
  FakeView view;
  Admin admin(view);
  REQUIRE(admin.start({.bind = ""}, {.bind = "", .token_file = ""}));
  CHECK(admin.metrics_port() == 0);
  CHECK(admin.admin_port() == 0);
}

TEST_CASE("loopback and unix sockets are local, everything else is not") {
  for (const char* bind : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/run/a.sock"}) {
    CHECK_MESSAGE(is_local(bind) == true, bind);
  }
  for (const char* bind : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "126.0.0.1:1", "[fe80::1]:1"}) {
    CHECK_MESSAGE(is_local(bind) == false, bind);
  }
}

TEST_CASE("an admin address beyond loopback needs a token, and the refusal says so") {
  const auto refused = started({.bind = "0.0.0.0:0", .token_file = ""});
  REQUIRE_FALSE(refused);
  CHECK(has(refused.error(), "0.0.0.0:0"));
  CHECK(has(refused.error(), "admin.token_file"));
}

TEST_CASE("a token file that is missing or empty is a failure to start") {
  const TokenFile empty(" \n");
  CHECK(has(started({.bind = "127.0.0.1:0", .token_file = "/no/such"}).error(), "/no/such"));
  CHECK(has(started({.bind = "127.0.0.1:0", .token_file = empty.path()}).error(), "is empty"));
}

TEST_CASE("with a token only its bearer gets anything from the admin address") {
  const TokenFile file("s3cret\n");
  Both http({.bind = "0.0.0.0:0", .token_file = file.path()});
  for (const char* header :
       {"", "Authorization: Bearer s3cre\r\n", "Authorization: s3cret\r\n",
        "Authorization: Bearer s3crets3cret\r\n", "Authorization: Bearer \r\n"}) {
    CHECK_MESSAGE(status_of(ask(http.admin(), "GET", "/status", header)) == 401, header);
    CHECK_MESSAGE(status_of(ask(http.admin(), "POST", "/reload", header)) == 401, header);
  }
  const char* right = "Authorization: Bearer s3cret\r\n";
  CHECK(status_of(ask(http.admin(), "GET", "/status", right)) == 200);
  CHECK(status_of(ask(http.admin(), "POST", "/reload", right)) == 200);
}

TEST_CASE("without a token the paths are no secret, with one they are") {
  const TokenFile file("s3cret");
  Both http({.bind = "127.0.0.1:0", .token_file = file.path()});
  const std::string answer = ask(http.admin(), "GET", "/nope");
  CHECK(status_of(answer) == 401);
  CHECK_FALSE(has(answer, "/reload"));
  CHECK(has(answer, "WWW-Authenticate: Bearer\r\n"));
  CHECK(status_of(ask(http.metrics(), "GET", "/metrics")) == 200);
}

TEST_CASE("a page of another site cannot trigger an action through a browser") {
  Both http;
  const auto reload = [&](const std::string& host, const std::string& origin) {
    return status_of(talk(http.admin(), "POST /reload HTTP/1.1\r\nHost: " + host +
                                            "\r\nOrigin: " + origin + "\r\n\r\n"));
  };
  CHECK(reload("127.0.0.1:9311", "http://evil.example") == 403);
  CHECK(reload("evil.example:9311", "http://evil.example:9311") == 403);  // DNS rebinding.
  CHECK(reload("127.0.0.1:9311", "null") == 403);
  CHECK(reload("127.0.0.1:9311", "http://127.0.0.1:9311") == 200);
  CHECK(reload("localhost:9311", "http://localhost:9311") == 200);
}

TEST_CASE("if one address cannot be opened neither is") {
  FakeView view;
  Admin admin(view);
  const config::Metrics not_ours{.bind = "203.0.113.1:9312"};
  CHECK_FALSE(admin.start(not_ours, {.bind = "127.0.0.1:0", .token_file = ""}));
  CHECK(admin.admin_port() == 0);
}

}  // namespace
}  // namespace ringway::admin
