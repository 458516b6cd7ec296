// Escaping. Well-formed UTF-8 passes unless it steers a terminal; any other byte is
// written as its number.
#include "log/line.h"

#include <array>
#include <fmt/chrono.h>

#include "ringway/base/assert.h"

namespace ringway::log {
namespace {

std::string utc(Time time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto s = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(s)), (ms - s).count());
}

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// The value of a code point's first byte and the least value its length may stand for:
// a longer form than needed is not UTF-8.
struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t least;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc0 && byte < 0xe0) return {2, byte & 0x1fU, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fU, 0x800};
  if (byte >= 0xf0 && byte < 0xf8) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

// Bytes of the well-formed UTF-8 character that `text` begins with; 0: none.
std::size_t utf8_length(std::string_view text) {
  auto [length, point, least] = lead_of(static_cast<unsigned char>(text.front()));
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
    point = (point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  return point < least || surrogate || point > 0x10ffff ? 0 : length;
}

// U+0080 to U+009F: terminals take them for control sequences.
bool is_c1_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xc2' &&
         static_cast<unsigned char>(character[1]) < 0xa0;
}

void append_escaped_text(std::string& line, std::string_view message) {
  while (!message.empty()) {
    const auto byte = static_cast<unsigned char>(message.front());
    const std::size_t length = utf8_length(message);
    const std::string_view character = message.substr(0, length == 0 ? 1 : length);
    if (byte == '\n') {
      line.append("\\n");
    } else if (length == 0 || byte < 0x20 || byte == 0x7f || is_c1_control(character)) {
      for (const char c : character) {
        line.append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
      }
    } else {
      line.append(character);
    }
    message.remove_prefix(character.size());
  }
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
  append_escaped_text(line, message);
  line.push_back('\n');
  return line;
}

std::string json_line(Time time, Level level, std::string_view message, const Event& event) {
  std::string line = "{\"time\":\"" + utc(time) + "\",\"level\":\"";
  line.append(name(level)).append("\"");
  append_field(line, "event", event.name);
  append_field(line, "pool", event.pool);
  append_field(line, "server", event.server);
  append_field(line, "cause", event.cause);
  line.append(",\"message\":\"");
  append_escaped_json(line, message);
  line.append("\"}\n");
  return line;
}

}  // namespace ringway::log
