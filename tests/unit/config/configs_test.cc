// Every file under configs/ loads, and the reference is what the table says.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config_test.h"

namespace ringway::config {
namespace {

std::filesystem::path configs() {
  const char* root = std::getenv("RINGWAY_ROOT");
  return std::filesystem::path(root == nullptr ? "." : root) / "configs";
}

std::string contents(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

Config loaded_file(const std::string& name) {
  const Loaded result = load_file(configs() / name, no_environment());
  INFO(all_text(result.problems));
  REQUIRE(result.config.has_value());
  return *result.config;
}

TEST_CASE("every example configuration loads without a word") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(configs())) {
    if (entry.path().extension() != ".toml") continue;
    const Loaded result = load_file(entry.path(), no_environment());
    CHECK(all_text(result.problems) == "");
    CHECK(refusals(*result.config).empty());
    ++files;
  }
  CHECK(files >= 4);
}

TEST_CASE("every example configuration prints as what loads to the same") {
  for (const auto& entry : std::filesystem::directory_iterator(configs())) {
    if (entry.path().extension() != ".toml") continue;
    const Config config = loaded_file(entry.path().filename());
    CHECK(placeless(loaded(printed(config))) == placeless(config));
  }
}

// RINGWAY_WRITE_REFERENCE=1 writes the file instead.
TEST_CASE("reference.toml is what the loader's table says") {
  const auto path = configs() / "reference.toml";
  if (std::getenv("RINGWAY_WRITE_REFERENCE") != nullptr) std::ofstream(path) << reference();
  CHECK_MESSAGE(
      contents(path) == reference(),
      "run: RINGWAY_WRITE_REFERENCE=1 RINGWAY_ROOT=. build/tests/unit/config/unit_config");
}

TEST_CASE("reference.toml loads to the defaults of config.h") {
  Config config = placeless(loaded_file("reference.toml"));
  REQUIRE(config.listeners.size() == 1);
  REQUIRE(config.pools.size() == 1);
  Listener listener;
  listener.name = listener.route = "web";
  listener.bind = {"127.0.0.1:11311"};
  Pool pool;
  pool.name = "web";
  pool.servers = config.pools[0].servers;
  CHECK(config.listeners[0] == listener);
  CHECK(config.pools[0] == pool);
  config.listeners.clear();
  config.pools.clear();
  CHECK(config == Config{});
}

TEST_CASE("the minimal configuration is five lines") {
  CHECK(std::ranges::count(contents(configs() / "minimal.toml"), '\n') == 5);
}

TEST_CASE("the central configuration drains for load balancers and takes every CPU") {
  const Config config = loaded_file("central.toml");
  CHECK(config.router.drain_delay == 10s);
  CHECK(config.router.workers == 0);
}

}  // namespace
}  // namespace ringway::config
