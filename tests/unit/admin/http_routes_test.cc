// Which route answers what, without a socket.
#include <doctest/doctest.h>

#include "admin/http.h"

namespace ringway::admin {
namespace {

HttpAnswer nothing(const HttpRequest&) {
  return {};
}

HttpRoutes routes(HttpGuard guard = {}) {
  return {{{"GET", "/metrics", nothing},
           {"POST", "/reload", nothing},
           {"GET", "/thing", nothing},
           {"POST", "/thing", nothing},
           {"POST", "/pools/{pool}/servers/{server}/state", nothing}},
          std::move(guard)};
}

HttpRequest request_for(std::string method, std::string path) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

HttpAnswer refused(std::string method, std::string path) {
  HttpAnswer refusal;
  auto request = request_for(std::move(method), std::move(path));
  CHECK(routes().find(request, refusal) == nullptr);
  return refusal;
}

bool found(std::string method, std::string path) {
  HttpAnswer refusal;
  auto request = request_for(std::move(method), std::move(path));
  const auto known = routes();
  return known.find(request, refusal) != nullptr;
}

TEST_CASE("a path and its method find their route, and HEAD finds GET's") {
  CHECK(found("GET", "/metrics"));
  CHECK(found("HEAD", "/metrics"));
  CHECK(found("POST", "/reload"));
  CHECK(found("POST", "/thing"));
}

TEST_CASE("only the whole path counts") {
  for (const char* path : {"/", "", "/metric", "/metrics/", "/metrics/x", "//metrics", "metrics"}) {
    CHECK_MESSAGE(refused("GET", path).status == 404, path);
  }
}

TEST_CASE("an unknown path is told what there is") {
  CHECK(refused("GET", "/nope").body.find("GET /metrics\nPOST /reload\n") != std::string::npos);
}

TEST_CASE("a wrong method is told which would do") {
  CHECK(refused("POST", "/metrics").status == 405);
  CHECK(refused("POST", "/metrics").allow == "GET, HEAD");
  CHECK(refused("DELETE", "/thing").allow == "GET, HEAD, POST");
  CHECK(refused("HEAD", "/reload").allow == "POST");
}

TEST_CASE("names in braces stand for one segment each, decoded") {
  auto request = request_for("POST", "/pools/web/servers/10.0.0.1:11211%2Fa%20b/state");
  HttpAnswer refusal;
  const auto known = routes();
  REQUIRE(known.find(request, refusal) != nullptr);
  CHECK(request.capture("pool") == "web");
  CHECK(request.capture("server") == "10.0.0.1:11211/a b");
  CHECK(request.capture("other").empty());
}

TEST_CASE("an empty segment stands for nothing") {
  CHECK_FALSE(found("POST", "/pools//servers/a/state"));
  CHECK_FALSE(found("POST", "/pools/web/servers/a/b/state"));
}

TEST_CASE("a guard refuses before the path is looked at") {
  const auto guarded = routes([](const HttpRequest&) { return HttpAnswer{.status = 401}; });
  auto request = request_for("GET", "/nope");
  HttpAnswer refusal;
  CHECK(guarded.find(request, refusal) == nullptr);
  CHECK(refusal.status == 401);
}

TEST_CASE("headers are found in any case") {
  HttpRequest request;
  request.headers = {{"AUTHORIZATION", "x"}};
  CHECK(request.header("Authorization") == "x");
  CHECK(request.header("Auth").empty());
}

TEST_CASE("a target is a path as it was sent and a query that is decoded") {
  HttpRequest request;
  set_target(request, "/a%2Fb?k=v%20w&&x+y=1%2B1&z");
  CHECK(request.path == "/a%2Fb");
  CHECK(request.query == HttpFields{{"k", "v w"}, {"x y", "1+1"}, {"z", ""}});
  set_target(request, "/");
  CHECK(request.path == "/");
  CHECK(request.query.empty());
}

TEST_CASE("a percent sign that begins no byte stays") {
  CHECK(percent_decoded("a%41%4") == "aA%4");
  CHECK(percent_decoded("%zz%") == "%zz%");
  CHECK(percent_decoded("%+1") == "%+1");
}

}  // namespace
}  // namespace ringway::admin
