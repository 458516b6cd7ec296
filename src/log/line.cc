// Escaping. Well-formed UTF-8 passes unless it steers a terminal; any other byte is
// written as its number.
#include "log/line.h"

#include <array>
#include <fmt/chrono.h>

#include "ringway/base/assert.h"
#include "ringway/base/plain_text.h"

namespace ringway::log {
namespace {

std::string utc(Time time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto s = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(s)), (ms - s).count());
}

// Bytes that are not UTF-8 become U+00xx, so that they can still be told apart.
void append_escaped_json(std::string& line, std::string_view message) {
  while (!message.empty()) {
    const auto byte = static_cast<unsigned char>(message.front());
    const std::size_t length = utf8_length(message);
    if (byte == '"' || byte == '\\') {
      line.append({'\\', static_cast<char>(byte)});
    } else if (byte == '\n') {
      line.append("\\n");
    } else if (length == 0 || byte < 0x20 || byte == 0x7f) {
      line.append(fmt::format("\\u{:04x}", byte));
    } else {
      line.append(message.substr(0, length));
    }
    message.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_field(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line.append(",\"").append(name).append("\":\"");
  append_escaped_json(line, value);
  line.append("\"");
}

}  // namespace

std::string_view name(Level level) {
  static constexpr std::array<std::string_view, 4> names = {"debug", "info", "warning", "error"};
  const auto index = static_cast<std::size_t>(level);
  RINGWAY_ASSERT(index < names.size());
  return names[index];
}

std::string text_line(Time time, Level level, std::string_view message) {
  std::string line = utc(time);
  line.append(" ").append(name(level)).append(" ");
  line.append(visible(message));
  line.push_back('\n');
  return line;
}

std::string json_line(Time time, Level level, std::string_view message, const Event& event) {
  std::string line = "{\"time\":\"" + utc(time) + "\",\"level\":\"";
  line.append(name(level)).append("\"");
  append_field(line, "event", event.name);
  append_field(line, "listener", event.listener);
  append_field(line, "pool", event.pool);
  append_field(line, "server", event.server);
  append_field(line, "worker", event.worker);
  append_field(line, "client", event.client);
  append_field(line, "address", event.address);
  append_field(line, "cause", event.cause);
  line.append(",\"message\":\"");
  append_escaped_json(line, message);
  line.append("\"}\n");
  return line;
}

}  // namespace ringway::log
