// What is no TOML is told in words of whoever wrote it.
#include "config_test.h"

namespace ringway::config {
namespace {

// The message without its place.
std::string told(const std::string& toml) {
  const auto result = load_text(toml, "a.toml", no_environment());
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].where.line > 0);
  return result.problems[0].what + "\n  " + result.problems[0].hint;
}

TEST_CASE("text without quotes is told what to write") {
  const auto hint = [](const std::string& line) {
    const std::string all = told(with_pool(line + "\n"));
    return all.substr(all.find("\n  ") + 3);
  };
  CHECK(told(with_pool("timeout = 5s\n")) == "5s stands without quotes\n  write \"5s\"");
  CHECK(told(with_pool("timeout = 5 s\n")) == "5 s stands without quotes\n  write \"5s\"");
  CHECK(hint("server_queue_bytes_max = 16 MiB") == "write \"16MiB\"");
  CHECK(hint("timeout =  1.5  s # a comment") == "write \"1.5s\"");
  CHECK(hint("health = { interval = 5 s }") == "write \"5s\"");
  CHECK(hint("timeout = 250ms # a comment") == "write \"250ms\"");
  CHECK(hint("hash = md5") == "write \"md5\"");
  CHECK(hint("timeout=off") == "write \"off\"");
  CHECK(hint("retry_budget = 10%") == "write \"10%\"");
  CHECK(hint("server_queue_bytes_max = 16MiB") == "write \"16MiB\"");
  CHECK(hint("[listener.b]\nbind = 127.0.0.1:11312") == "write \"127.0.0.1:11312\"");
  CHECK(hint("[listener.b]\nbind = /run/ringway/a.sock") == "write \"/run/ringway/a.sock\"");
  CHECK(hint("[listener.b]\nmode = 0660") == "write \"0660\"");
  CHECK(hint("[pool.b]\nservers = [10.0.0.1:11211, 10.0.0.2:11211]") == "write \"10.0.0.1:11211\"");
  CHECK(hint("[pool.b]\nservers = [\"10.0.0.1:11211\", 10.0.0.2:11211]") ==
        "write \"10.0.0.2:11211\"");
  CHECK(hint("[pool.b]\nservers = [\n  \"10.0.0.1:11211\",\n  10.0.0.2:11211,\n]") ==
        "write \"10.0.0.2:11211\"");
  CHECK(hint("preconnect = yes") == "write true");
  CHECK(hint("preconnect = True") == "write true");
  CHECK(hint("preconnect = False") == "write false");
  CHECK(hint("server_connections = 02") == "write 2");
}

TEST_CASE("lines that are no lines of TOML are told how they would be") {
  CHECK(told("[pool.web\nhash = \"md5\"\n") == "[pool.web is not closed\n  write [pool.web]");
  CHECK(told(with_pool("timeout: 5\n")) == "timeout: 5 has no = in it\n  write timeout = ...");
  CHECK(told(with_pool("what is this\n")).find("write key = value") != std::string::npos);
  CHECK(told(with_pool("hash = \"md5\n")).find("close the text with \"") != std::string::npos);
  CHECK(told(with_pool("hash =\n")).find("write a value behind =") != std::string::npos);
  CHECK(told(with_pool("hash = \"a\"\nhash = \"b\"\n")).find("give each key") != std::string::npos);
  CHECK(told(with_pool("hash = \"\xff\"\n")).find("save the file as UTF-8") != std::string::npos);
}

TEST_CASE("twemproxy's file is told how to become ringway's, JSON that it is none") {
  for (const std::string yaml : {"alpha:\n  listen: 127.0.0.1:22121\n", "# twemproxy\n\nalpha:\n",
                                 "---\nalpha:\n  hash: md5\n", "alpha: &alpha\n  hash: md5\n"}) {
    CHECK(told(yaml).find("this is YAML, not TOML\n  twemproxy's configuration becomes ringway's "
                          "by: ringway import FILE") != std::string::npos);
  }
  CHECK(told("{ \"pools\": {} }\n").starts_with("this is JSON"));
}

TEST_CASE("twemproxy's keys are told their names here") {
  const std::pair<const char*, const char*> keys[] = {
      {"listen", "bind"},         {"auto_eject_hosts", "failures"},
      {"redis", "protocol"},      {"server_retry_timeout", "retry_after"},
      {"redis_db", "database"},   {"server_failure_limit", "failures"},
      {"redis_auth", "password"}, {"client_connections", "clients_max"},
      {"reuseport", "[router]"},  {"tcpkeepalive", "tcp_keepalive"}};
  for (const auto& [theirs, ours] : keys) {
    const auto all = problems(with_pool(std::string(theirs) + " = 5\n"));
    CHECK_MESSAGE(all.find(ours, all.find("\n  ")) != std::string::npos, all);
  }
}

TEST_CASE("what follows from a mistyped name is not told") {
  CHECK(problems("[listener.web]\nbind = \"127.0.0.1:1\"\nroute = \"web\"\n[pol.web]\n"
                 "servers = [\"a:1\"]\n") ==
        "a.toml:4:2: error: unknown section [pol]\n  did you mean 'pool'?\n");
  CHECK(problems("[listner.web]\nbind = \"127.0.0.1:1\"\nroute = \"web\"\n[pool.web]\n"
                 "servers = [\"a:1\"]\n") ==
        "a.toml:1:2: error: unknown section [listner]\n  did you mean 'listener'?\n");
  const auto one = [](const std::string& toml, const std::string& about) {
    const auto all = load_text(toml, "a.toml", no_environment()).problems;
    REQUIRE(all.size() == 1);
    CHECK(all[0].what.find(about) != std::string::npos);
  };
  one("[listener.web]\nbind = \"127.0.0.1:1\"\nroute = \"web\"\n[pool.web]\nserver = [\"a:1\"]\n",
      "unknown key 'server'");
  one("[listener.web]\nbnd = \"127.0.0.1:1\"\nroute = \"web\"\n[pool.web]\nservers = [\"a:1\"]\n",
      "unknown key 'bnd'");
  one("[listener.web]\nlisten = \"127.0.0.1:1\"\nroute = \"web\"\n[pool.web]\nservers=[\"a:1\"]\n",
      "unknown key 'listen'");
  one("[listener.web]\nbind = \"127.0.0.1:1\"\nroute = \"a b\"\n[pool.\"a b\"]\n"
      "servers = [\"a:1\"]\n",
      "'a b' cannot be a name");
  one(with_servers("[\"nonsense\", { address = \"b:1\", backup = true }]\n[pool.web.eject]\n"
                   "mode = \"backup\""),
      "has no port");
}

TEST_CASE("values that are nearly right are told the right one") {
  const auto tells = [](const std::string& line, const std::string& hint) {
    const auto all = problems(with_pool(line + "\n"));
    CHECK_MESSAGE(all.find("\n  " + hint) != std::string::npos, all);
  };
  tells("timeout = \"5 s\"", "write \"5s\"");
  tells("timeout = \"5sec\"", "write \"5s\"");
  tells("timeout = \"500\"", "give it a unit: \"500ms\"");
  tells("server_queue_bytes_max = \"64MB\"", "write \"64MiB\"");
  tells("retry_budget = \"10\"", "write \"10%\"");
  tells("server_connections = \"2\"", "write 2, without quotes");
  tells("preconnect = \"yes\"", "write true, without quotes");
  tells("[listener.b]\nroute = \"web\"\nbind = \"127.0.0.1\"", "write 127.0.0.1:11311\n");
  tells("zone = \"${\"", "write ${NAME}");
}

}  // namespace
}  // namespace ringway::config
