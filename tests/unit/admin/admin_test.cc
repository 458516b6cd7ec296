// What the two addresses answer, and to whom.
#include "admin/admin.h"

#include <atomic>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/stat.h>
#include <thread>

#include "http_client.h"
#include "log/log.h"

namespace ringway::admin {
namespace {

class FakeView final : public View {
 public:
  std::string metrics_text() override { return "ringway_up 1\n"; }
  bool healthy(std::string& why_not) override {
    why_not = sick;
    return sick.empty();
  }
  bool ready(std::string& why_not) override {
    why_not = why;
    return why.empty();
  }
  std::string status_json() override { return R"({"generation":1})"; }

  void count_refused() override { ++refused; }

  std::string why;
  std::string sick;
  std::atomic<int> refused = 0;
};

config::Metrics metrics_on(const std::string& bind) {
  config::Metrics metrics;
  metrics.bind.clear();
  if (!bind.empty()) metrics.bind.push_back(bind);
  return metrics;
}

config::Admin admin_on(const std::string& bind, const std::string& token_file = "") {
  config::Admin admin;
  admin.bind.clear();
  if (!bind.empty()) admin.bind.push_back(bind);
  admin.token_file = token_file;
  return admin;
}

class Both {
 public:
  explicit Both(const config::Admin& config = admin_on("127.0.0.1:0"))
      : token(config.token_file), admin_(view, token, {{"POST", "/reload", [](const HttpRequest&) {
                                                          return HttpAnswer{.body = "reloaded\n"};
                                                        }}}) {
    const auto started = admin_.start(metrics_on("127.0.0.1:0"), config);
    REQUIRE_MESSAGE(started, (started ? "" : started.error().what));
  }

  std::string metrics() const { return "127.0.0.1:" + std::to_string(admin_.metrics_port()); }
  std::string admin() const { return "127.0.0.1:" + std::to_string(admin_.admin_port()); }

  FakeView view;
  Token token;

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

std::expected<void, HttpFailure> started(const config::Admin& config) {
  FakeView view;
  Token token(config.token_file);
  return Admin(view, token).start(metrics_on(""), config);
}

TEST_CASE("nobody asks for an action while the metrics address may still be taken") {
  const std::string folder = "/tmp/ringway-admin-test-" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  const std::string bind = "unix:" + folder + "/admin.sock";
  const Both other;  // Has the metrics address.
  FakeView view;
  Token token("");
  Admin admin(view, token);
  std::atomic<bool> over = false;
  std::atomic<bool> was_there = false;
  std::thread looking([&] {
    while (!over) {
      if (std::filesystem::exists(folder + "/admin.sock")) was_there = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  CHECK_FALSE(admin.start(metrics_on(other.metrics()), admin_on(bind)));
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

TEST_CASE("health is no readiness, and is told with what is wrong") {
  Both http;
  http.view.why = "draining";
  CHECK(body_of(ask(http.metrics(), "GET", "/healthz")) == "ok\n");
  http.view.why = "";
  http.view.sick = "worker 1 stands still";
  for (const char* path : {"/healthz", "/readyz"}) {
    const std::string answer = ask(http.metrics(), "GET", path);
    CHECK(status_of(answer) == 503);
    CHECK(has(body_of(answer), "worker 1 stands still\n"));
  }
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
  Token token("");
  Admin admin(view, token);
  REQUIRE(admin.start(metrics_on(""), admin_on("")));
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
  const auto refused = started(admin_on("0.0.0.0:0"));
  REQUIRE_FALSE(refused);
  CHECK(has(refused.error().what, "0.0.0.0:0"));
  CHECK(has(refused.error().remedy, "admin.token_file"));
}

TEST_CASE("a token file that is missing or empty is a failure to start") {
  const TokenFile empty(" \n");
  CHECK(has(started(admin_on("127.0.0.1:0", "/no/such")).error().what, "/no/such"));
  CHECK(has(started(admin_on("127.0.0.1:0", empty.path())).error().what, "has no token"));
}

TEST_CASE("with a token only its bearer gets anything from the admin address") {
  const TokenFile file("s3cret\n");
  Both http(admin_on("0.0.0.0:0", file.path()));
  for (const char* header :
       {"", "Authorization: Bearer s3cre\r\n", "Authorization: s3cret\r\n",
        "Authorization: Bearer s3crets3cret\r\n", "Authorization: Bearer \r\n"}) {
    CHECK_MESSAGE(status_of(ask(http.admin(), "GET", "/status", header)) == 401, header);
    CHECK_MESSAGE(status_of(ask(http.admin(), "POST", "/reload", header)) == 401, header);
  }
  const char* right = "Authorization: Bearer s3cret\r\n";
  CHECK(status_of(ask(http.admin(), "GET", "/status", right)) == 200);
  CHECK(status_of(ask(http.admin(), "POST", "/reload", right)) == 200);
  // Who says nothing asks whether a token is wanted.
  CHECK(http.view.refused.load() == 4);
}

TEST_CASE("a token that was read again is the one that counts") {
  const TokenFile file("old\n");
  Both http(admin_on("127.0.0.1:0", file.path()));
  std::ofstream(file.path()) << "new\n";
  REQUIRE(http.token.read());
  const auto status = [&](const char* header) {
    return status_of(ask(http.admin(), "GET", "/status", header));
  };
  CHECK(status("Authorization: Bearer old\r\n") == 401);
  CHECK(status("Authorization: Bearer new\r\n") == 200);
}

TEST_CASE("the admin address is not read under a foreign name, the metrics address is") {
  Both http;
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n";
  CHECK(status_of(talk(http.admin(), request)) == 403);
  CHECK(status_of(talk(http.metrics(), request)) == 200);
}

TEST_CASE("who asks for an action is in the log, who looks is not") {
  std::mutex mutex;
  std::vector<std::string> lines;
  log::set_sink([&](log::Level, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  });
  config::Admin config = admin_on("unix:/tmp/ringway-admin-log-" + std::to_string(::getpid()));
  {
    Both http(config);
    ask(config.bind[0], "GET", "/status");
    ask(config.bind[0], "POST", "/reload?x=\x1b");
  }
  log::set_sink({});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "admin: uid " + std::to_string(::getuid()) + " asks for POST /reload?x=.");
}

TEST_CASE("mode and group of a unix socket are the operator's") {
  const std::string path = "/tmp/ringway-admin-mode-" + std::to_string(::getpid());
  config::Admin config = admin_on("unix:" + path);
  config.mode = 0600;
  config.group = std::to_string(::getgid());
  {
    const Both http(config);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(status.st_gid == ::getgid());
  }
  config.group = "no-such-group";
  const auto refused = started(config);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().key == "admin.group");
  CHECK(has(refused.error().what, "no group 'no-such-group'"));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("without a token the paths are no secret, with one they are") {
  const TokenFile file("s3cret");
  Both http(admin_on("127.0.0.1:0", file.path()));
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
  Token token("");
  Admin admin(view, token);
  CHECK_FALSE(admin.start(metrics_on("203.0.113.1:9312"), admin_on("127.0.0.1:0")));
  CHECK(admin.admin_port() == 0);
}

}  // namespace
}  // namespace ringway::admin
