// Lines become the nodes that a list of servers would have, each with its place in the
// file, so that whatever is wrong is told as anywhere else.
#include "config/servers_file.h"

#include <filesystem>
#include <fmt/format.h>

#include "config/servers.h"
#include "config/values.h"
#include "config/variables.h"

namespace ringway::config {
namespace {

constexpr std::string_view blanks = " \t\r";

// A name or a path may have a # within.
std::string_view without_comment(std::string_view line) {
  for (auto at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
    if (at == 0 || blanks.contains(line[at - 1])) return line.substr(0, at);
  }
  return line;
}

std::string_view trimmed(std::string_view line) {
  line = without_comment(line);
  const auto begin = line.find_first_not_of(blanks);
  if (begin == line.npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
}

Node list_of(std::string_view text, const std::string& path) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  Node list;
  list.kind = NodeKind::list;
  list.where = {path, 0, 0};
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    Node& server = list.items.emplace_back();
    server.kind = NodeKind::text;
    server.where = {path, number, 1};
    server.text = line;
  }
  return list;
}

}  // namespace

void read_servers_file(const Entry& entry, Pool& pool, Sources& sources, Complaints& complaints) {
  if (entry.value.kind != NodeKind::text) {
    complaints.error(entry.value.where, "servers_file: expected a file's name",
                     "write servers_file = \"web.servers\"");
    return;
  }
  if (!sources.may_read) {
    return complaints.error(entry.where, "text cannot name files", "write servers = [...]");
  }
  const auto folder = std::filesystem::path(entry.where.file).parent_path();
  const std::string path = folder / entry.value.text;
  const auto text = read_source(path, sources);
  if (!text) {
    complaints.error(entry.where, fmt::format("cannot read {}: {}", path, text.error()),
                     unreadable_hint);
    return;
  }
  Node list = list_of(*text, path);
  if (list.items.empty()) {
    complaints.error({path, 0, 0}, fmt::format("no server for pool '{}' in it", pool.name),
                     "write address:weight name, one server a line");
    return;
  }
  substitute_variables(list, sources.environment, complaints);
  read_servers(list, pool, complaints);
}

}  // namespace ringway::config
