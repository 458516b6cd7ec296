// See listener_socket_group.h. A process may give its files to the groups that it is in; root
// may to any.
#include "net/listener_socket_group.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <grp.h>
#include <unistd.h>
#include <vector>

namespace ringway::net {

std::optional<gid_t> group_number(const std::string& group) {
  gid_t number = 0;
  const char* end = group.data() + group.size();
  const auto [read_to, error] = std::from_chars(group.data(), end, number);
  if (error == std::errc() && read_to == end) return number;
  ::group entry{};
  ::group* found = nullptr;
  std::vector<char> buffer(64 * 1024);
  ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::nullopt : std::optional(found->gr_gid);
}

bool may_give_to_group(gid_t group) {
  if (::geteuid() == 0 || ::getegid() == group) return true;
  std::vector<gid_t> own(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(own.size()), own.data());
  own.resize(static_cast<std::size_t>(std::max(count, 0)));
  return std::ranges::count(own, group) > 0;
}

std::expected<void, NoSocket> give_to_group(const Address& address, const std::string& group) {
  const std::string path(address.path());
  if (path.empty() || group.empty()) return {};
  const auto number = group_number(group);
  if (!number) {
    return std::unexpected(
        NoSocket{"there is no group '" + group + "' for " + address.text(),
                 "name one that there is, or make it: groupadd --system " + group});
  }
  if (::chown(path.c_str(), static_cast<uid_t>(-1), *number) == 0) return {};
  return std::unexpected(NoSocket{
      "cannot give " + address.text() + " to group '" + group + "': " + std::strerror(errno),
      "let ringway's user be in that group; under systemd: SupplementaryGroups="});
}

}  // namespace ringway::net
