// Any bytes as a configuration: no crash, no endless work, every problem with a place
// in the file or none, with a remedy, and without bytes that steer terminals; and what loads is
// printed as what loads to the same.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringway/base/assert.h"
#include "ringway/base/plain_text.h"
#include "ringway/config/load.h"

namespace {

using namespace ringway::config;

std::optional<std::string> variable(std::string_view name) {
  if (name == "ZONE") return "east";
  if (name == "RANGE") return "{0..2}";
  if (name == "BAD") return "\xff\n";
  return std::nullopt;
}

void round_trip(const Config& config) {
  const Loaded again = load_text(printed(config), "printed", variable);
  RINGWAY_ASSERT(again.config.has_value());
  RINGWAY_ASSERT(placeless(*again.config) == placeless(config));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Loaded loaded = load_text(bytes, "fuzz", variable);
  RINGWAY_ASSERT(loaded.config.has_value() != any_error(loaded.problems));
  for (const Problem& problem : loaded.problems) {
    RINGWAY_ASSERT(problem.where.file == "fuzz" && !problem.what.empty());
    RINGWAY_ASSERT(!problem.hint.empty());
    RINGWAY_ASSERT(ringway::is_plain_text(line(problem)));
  }
  if (loaded.config) round_trip(*loaded.config);
  return 0;
}
