// See surroundings.h. `check` often runs as another user than ringway, and in another folder:
// what permissions and relative names decide is then a warning.
#include "reload/surroundings.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "net/address.h"
#include "net/listener_socket_group.h"

namespace ringway::reload {
namespace {

using config::Severity;

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

// The nearest folder above that is there: others can still be made in it.
std::string standing_folder(const std::string& path) {
  std::string folder = folder_of(path);
  struct stat status {};
  while (::stat(folder.c_str(), &status) != 0 && errno == ENOENT && folder != "/" &&
         folder != ".") {
    folder = folder_of(folder);
  }
  return folder;
}

bool of_user(int error) {
  return error == EACCES || error == EPERM || error == EROFS;
}

bool is_unix(const std::string& bind) {
  const auto address = net::Address::parse(bind);
  return address && address->family() == AF_UNIX;
}

// 0: this user may.
int why_not(const std::string& path, int wanted) {
  return ::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0 ? 0 : errno;
}

int why_no_new_file_in(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? why_not(folder, W_OK | X_OK) : ENOTDIR;
}

// Ports below it are for root and whoever has CAP_NET_BIND_SERVICE.
std::uint16_t first_free_port() {
  std::ifstream input("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  std::uint16_t port = 0;
  return input >> port ? port : std::uint16_t{1024};
}

bool may_bind_any_port() {
  constexpr std::uint64_t net_bind_service = std::uint64_t{1} << 10;
  constexpr std::string_view key = "CapEff:";
  std::ifstream input("/proc/thread-self/status");
  for (std::string line; std::getline(input, line);) {
    if (!line.starts_with(key)) continue;
    return (std::strtoull(line.c_str() + key.size(), nullptr, 16) & net_bind_service) != 0;
  }
  return ::geteuid() == 0;
}

class Look {
 public:
  Look(const config::Config& config, Asker asker) : config_(config), asker_(asker) {}

  config::Problems problems() {
    if (!config_.admin.bind.empty() && !config_.admin.token_file.empty()) look_at_token();
    if (!config_.log.file.empty()) look_at_log();
    look_at_group("metrics", config_.metrics.bind, config_.metrics.group);
    look_at_group("admin", config_.admin.bind, config_.admin.group);
    if (asker_ == Asker::reload) return std::move(problems_);
    for (const config::Listener& listener : config_.listeners) {
      for (const std::string& bind : listener.bind) look_at("listener." + listener.name, bind);
    }
    for (const std::string& bind : config_.metrics.bind) look_at("metrics", bind);
    for (const std::string& bind : config_.admin.bind) look_at("admin", bind);
    return std::move(problems_);
  }

 private:
  void add(const std::string& key, const std::string& what, const std::string& hint,
           Severity severity) {
    const auto dot = key.rfind('.');
    problems_.push_back({place_of(config_, key),
                         fmt::format("[{}] {}: {}", key.substr(0, dot), key.substr(dot + 1), what),
                         hint, severity});
  }

  Severity severity(const std::string& path, int error) const {
    const bool of_folder = error == ENOENT && !path.starts_with('/');
    const bool unsure = of_user(error) || of_folder;
    return asker_ == Asker::check && unsure ? Severity::warning : Severity::error;
  }

  void look_at_token() {
    const std::string& file = config_.admin.token_file;
    const std::string key = "admin.token_file";
    const std::string hint = fmt::format(
        "write a token into its first line, and let ringway's user read it: openssl rand -hex 32 "
        "> {}",
        file);
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
        !S_ISDIR(status.st_mode)) {
      return add(key, fmt::format("{} is not a regular file, and each reload reads it again", file),
                 hint, Severity::error);
    }
    std::ifstream input(file);
    std::string token;
    if (const int error = why_not(file, R_OK); error != 0) {
      return add(key, fmt::format("cannot read {}: {}", file, std::strerror(error)), hint,
                 severity(file, error));
    }
    if (!std::getline(input, token) || token.find_first_not_of(" \t\r") == token.npos) {
      add(key, fmt::format("there is no token in the first line of {}", file), hint,
          Severity::error);
    }
  }

  // Folders that are not there are made when it is opened.
  void look_at_log() {
    const std::string& file = config_.log.file;
    struct stat status {};
    const bool there = ::stat(file.c_str(), &status) == 0;
    int error = there && S_ISDIR(status.st_mode) ? EISDIR : 0;
    if (error == 0) {
      error = there ? why_not(file, W_OK) : why_no_new_file_in(standing_folder(file));
    }
    // Whether somebody reads it, only opening tells; and he would take the look for the end.
    if (error == 0 && there && S_ISFIFO(status.st_mode) && asker_ == Asker::check) {
      add("log.file", fmt::format("{} is a pipe: without a reader ringway does not start", file),
          "let its reader start first, or name a file", Severity::warning);
    }
    if (error == 0) return;
    add("log.file", fmt::format("cannot open {}: {}", file, std::strerror(error)),
        "name a file in a folder that ringway's user may write to; without it the log goes to "
        "standard error",
        severity(file, error));
  }

  // Whether this process may give a socket to it, giving tells; `check` may be another user's.
  void look_at_group(const std::string& section, const std::vector<std::string>& binds,
                     const std::string& group) {
    if (group.empty() || std::ranges::none_of(binds, is_unix)) return;
    const auto number = net::group_number(group);
    if (!number) {
      return add(section + ".group", fmt::format("there is no group '{}'", group),
                 fmt::format("name one that there is, or make it: groupadd --system {}", group),
                 Severity::error);
    }
    if (asker_ != Asker::check || net::may_give_to_group(*number)) return;
    add(section + ".group", fmt::format("this user may not give files to group '{}'", group),
        "let ringway's user be in it; under systemd: SupplementaryGroups=", Severity::warning);
  }

  void look_at(const std::string& section, const std::string& bind) {
    const auto address = net::Address::parse(bind);
    if (!address) return;
    if (address->family() == AF_UNIX) {
      look_at_socket(section + ".bind", std::string(address->path()));
    } else {
      look_at_address(section + ".bind", *address);
    }
  }

  void look_at_socket(const std::string& key, const std::string& path) {
    const std::string folder = folder_of(path);
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
      return add(key, fmt::format("{} is there and is no socket", path),
                 "take it away, or name another path", Severity::error);
    }
    const int error = why_no_new_file_in(folder);
    // A socket that systemd gave is made by another user: only its opening tells.
    if (error == 0 || (of_user(error) && asker_ == Asker::start)) return;
    add(key, fmt::format("no socket can be made in {}: {}", folder, std::strerror(error)),
        "make that folder and give it to ringway's user; under systemd: RuntimeDirectory=",
        severity(folder, error));
  }

  // With any port at all, so that it is in nobody's way.
  void look_at_address(const std::string& key, const net::Address& address) {
    if (asker_ != Asker::check) return;
    const std::string text = address.text();
    const auto any_port = net::Address::parse(text.substr(0, text.rfind(':')) + ":0");
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return add(key, fmt::format("no socket can be made for {}: {}", text, std::strerror(errno)),
                 "write an address of a kind that this machine has", Severity::warning);
    }
    if (address.port() < first_free_port() && !may_bind_any_port()) {
      add(key, fmt::format("this user may not listen on port {}", address.port()),
          "write a port from 1024 on, or give ringway CAP_NET_BIND_SERVICE; under systemd: "
          "AmbientCapabilities=",
          Severity::warning);
    }
    if (!any_port) {
      ::close(fd);
      return;
    }
    const bool absent =
        ::bind(fd, any_port->data(), any_port->size()) != 0 && errno == EADDRNOTAVAIL;
    ::close(fd);
    if (!absent) return;
    add(key, fmt::format("this machine has no such address as that of {}", text),
        "write one of its own, or 0.0.0.0 for all of them", Severity::warning);
  }

  const config::Config& config_;
  const Asker asker_;
  config::Problems problems_;
};

}  // namespace

config::Problems missing_around(const config::Config& config, Asker asker) {
  return Look(config, asker).problems();
}

}  // namespace ringway::reload
