// The table of keys as configs/reference.toml: a file that loads, and whose every
// value is the default. Keys without a default, or of later versions, are comments.
#include <fmt/format.h>

#include "ringway/config/load.h"

#include "config/keys.h"

namespace ringway::config {
namespace {

constexpr std::string_view head =
    R"(# Every key of ringway, with its default, its form and why. Generated from the table
# that the loader itself uses, and compared with it by a test: it cannot be wrong.
#
# Durations are text with a unit (ns us ms s m h d), sizes too (B KiB MiB GiB TiB);
# shares are percentages; "off" is no limit. In any text ${NAME} and ${NAME:-default}
# are variables of the environment, and "$${" is "${" itself. A key not given here is
# an error, with its nearest neighbour named.
#
# include = ["pools.d/*.toml"] at the top reads more files, sorted, relative to this
# one; a key set twice is an error.
)";

constexpr std::string_view servers_note =
    R"(# Keys of one server, written as { address = "...", ... }. As text it is
# "address", or twemproxy's "address:weight name". In address and name "{0..7}" is
# eight servers, "{00..07}" keeps its zeros, several ranges multiply. Two servers of
# a pool cannot have the same name: it is what is hashed.
)";

std::string_view header_for(std::string_view header) {
  if (header == "[listener.NAME]") return "[listener.web]";
  if (header == "[pool.NAME]") return "[pool.web]";
  if (header == "[pool.NAME.eject]") return "[pool.web.eject]";
  if (header == "[pool.NAME.health]") return "[pool.web.health]";
  if (header == "[route.NAME]") return "[route.front]";
  return header;
}

std::string wrapped(std::string text) {
  constexpr std::size_t width = 88;
  std::string out;
  while (text.size() > width) {
    auto cut = text.rfind(' ', width);
    if (cut == text.npos) break;
    out += "# " + text.substr(0, cut) + "\n";
    text.erase(0, cut + 1);
  }
  return out + "# " + text + "\n";
}

template <typename T>
std::string explained(const Key<T>& key) {
  std::string form(key.unit);
  if (key.form != nullptr) {
    form = key.form(key.limits);
    if (!key.unit.empty()) form += fmt::format(", {}", key.unit);
  }
  std::string text = fmt::format("{} [{}]", key.why, form);
  if (key.standing == Standing::later) text += " (not yet supported, ignored)";
  if (key.standing == Standing::protection) text += " (not yet supported: an error)";
  return wrapped(std::move(text));
}

// `comment` in front of every key: for sections that are only shown.
template <typename T>
void add_keys(std::string_view comment, std::string& out) {
  static const T defaults;
  for (const Key<T>& key : keys<T>()) {
    const bool later = key.standing == Standing::later || key.standing == Standing::protection;
    if (key.standing == Standing::apart && key.sample.empty()) continue;
    out += explained(key);
    const auto value = key.sample.empty() ? key.print(defaults) : std::string(key.sample);
    out += fmt::format("{}{} = {}\n\n", later ? "# " : comment, key.name, value);
  }
}

template <typename T>
void add_section(std::string_view comment, std::string& out) {
  const Section about = section<T>();
  out += wrapped(fmt::format("{}: {}", about.header, about.about));
  out += fmt::format("{}{}\n\n", comment, header_for(about.header));
  add_keys<T>(comment, out);
}

}  // namespace

std::string reference() {
  std::string out(head);
  out += '\n';
  add_section<Router>("", out);
  add_section<Log>("", out);
  add_section<Metrics>("", out);
  add_section<Admin>("", out);
  add_section<Reload>("", out);
  add_section<Listener>("", out);
  add_section<Pool>("", out);
  out += servers_note;
  out += '\n';
  add_keys<Server>("#   ", out);
  add_section<Eject>("", out);
  add_section<Health>("", out);
  add_section<Route>("# ", out);
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace ringway::config
