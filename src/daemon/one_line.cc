// Quoting is all there is to it: whatever the words are, they stay inside their
// strings, and the loader says what is wrong with them.
#include "daemon/one_line.h"

#include <fmt/core.h>

namespace ringway::cli {
namespace {

std::string quoted(const std::string& word) {
  std::string text = "\"";
  for (const char c : word) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + quoted(word);
  return "[" + text + "]";
}

}  // namespace

std::string as_toml(const OneLine& line) {
  return fmt::format(
      "[metrics]\nbind = \"off\"\n[admin]\nbind = \"off\"\n"
      "[listener.main]\nbind = {}\nroute = \"main\"\n"
      "[pool.main]\nservers = {}\n",
      list_of(line.listen), list_of(line.servers));
}

}  // namespace ringway::cli
