#include "net/listener_socket.h"

#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "net/address.h"
#include "net/listener_socket_group.h"

namespace ringway::net {
namespace {

struct Directory {
  Directory() {
    char name[] = "/tmp/ringway-listen-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string socket() const { return path + "/a.sock"; }
  std::string path;
};

std::string address_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return Address::from(reinterpret_cast<sockaddr*>(&storage), length).text();
}

int connect_to(const std::string& text) {
  const Address address = *Address::parse(text);
  const int fd = ::socket(address.family(), SOCK_STREAM, 0);
  if (::connect(fd, address.data(), address.size()) == 0) return fd;
  ::close(fd);
  return -1;
}

bool option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value != 0;
}

}  // namespace

TEST_CASE("connections of a listener are without Nagle's delay, and asked whether they live") {
  const int listener = *open_listener("127.0.0.1:0", 16, 0);
  const int client = connect_to(address_of(listener));
  const int accepted = ::accept(listener, nullptr, nullptr);
  CHECK(option(accepted, IPPROTO_TCP, TCP_NODELAY));
  CHECK(option(accepted, SOL_SOCKET, SO_KEEPALIVE));
  for (const int fd : {client, accepted, listener}) ::close(fd);
}

TEST_CASE("IPv4 and IPv6 can listen on the same port") {
  const int ipv6 = *open_listener("[::]:0", 16, 0);
  const std::string text = address_of(ipv6);
  const auto ipv4 = open_listener("0.0.0.0" + text.substr(text.rfind(':')), 16, 0);
  REQUIRE(ipv4.has_value());
  close_listener(*ipv4);
  close_listener(ipv6);
}

TEST_CASE("a second listener on the same address is an error that names it") {
  const int first = *open_listener("127.0.0.1:0", 16, 0);
  const std::string text = address_of(first);
  const auto second = open_listener(text, 16, 0);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what == "cannot listen on " + text + ": another program listens there");
  close_listener(first);
}

TEST_CASE("an address that becomes free within a second is waited for") {
  const int first = *open_listener("127.0.0.1:0", 16, 0);
  const std::string text = address_of(first);
  std::thread closer([first] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    ::close(first);
  });
  const auto second = open_listener(text, 16, 0);
  closer.join();
  REQUIRE(second.has_value());
  close_listener(*second);
}

TEST_CASE("a unix listener has the mode that was asked for, whatever the umask") {
  const Directory directory;
  const mode_t before = ::umask(077);
  const auto fd = open_listener(directory.socket(), 16, 0666);
  ::umask(before);
  REQUIRE(fd.has_value());
  struct stat status {};
  REQUIRE(::stat(directory.socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0666);
  close_listener(*fd);
}

TEST_CASE("a listener gets another mode and goes on") {
  const Directory directory;
  const int fd = *open_listener(directory.socket(), 16, 0666);
  CHECK(adjust_listener(fd, 8, 0600).has_value());
  struct stat status {};
  REQUIRE(::stat(directory.socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::filesystem::remove(directory.socket());
  CHECK_FALSE(adjust_listener(fd, 8, 0600).has_value());
  close_listener(fd);
}

TEST_CASE("the file of a unix listener goes with it") {
  const Directory directory;
  const int fd = *open_listener("unix:" + directory.socket(), 16, 0600);
  CHECK(std::filesystem::exists(directory.socket()));
  close_listener(fd);
  CHECK_FALSE(std::filesystem::exists(directory.socket()));
}

TEST_CASE("a unix socket that nobody accepts on any more is replaced") {
  const Directory directory;
  ::close(*open_listener(directory.socket(), 16, 0600));
  REQUIRE(std::filesystem::exists(directory.socket()));
  const auto fd = open_listener(directory.socket(), 16, 0600);
  REQUIRE(fd.has_value());
  const int client = connect_to(directory.socket());
  CHECK(client >= 0);
  ::close(client);
  close_listener(*fd);
}

TEST_CASE("a unix socket that somebody has removed is lost, and the next one there is not ours") {
  const Directory directory;
  const int first = *open_listener(directory.socket(), 16, 0600);
  CHECK_FALSE(listener_is_lost(first));
  REQUIRE(::unlink(directory.socket().c_str()) == 0);
  CHECK(listener_is_lost(first));
  const int second = *open_listener(directory.socket(), 16, 0640);
  CHECK_FALSE(listener_is_lost(first));
  CHECK(adjust_listener(first, 16, 0600).has_value());
  struct stat status {};
  REQUIRE(::stat(directory.socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  close_listener(first);
  CHECK_FALSE(listener_is_lost(second));
  abandon_listener(second);
  CHECK(listener_is_lost(second));
  close_listener(second);
}

TEST_CASE("a unix socket that somebody listens on is left alone") {
  const Directory directory;
  const int first = *open_listener(directory.socket(), 16, 0600);
  const auto second = open_listener(directory.socket(), 16, 0600);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what.ends_with("another program listens there"));
  const int client = connect_to(directory.socket());
  CHECK(client >= 0);
  ::close(client);
  close_listener(first);
}

TEST_CASE("a file that is no socket is never removed") {
  const Directory directory;
  std::ofstream(directory.socket()) << "precious";
  CHECK_FALSE(open_listener(directory.socket(), 16, 0600).has_value());
  CHECK(std::filesystem::exists(directory.socket()));
}

TEST_CASE("whatever cannot be listened on comes with its reason and a remedy") {
  const Directory directory;
  std::ofstream(directory.path + "/file") << "precious";
  std::filesystem::create_directory(directory.path + "/folder");
  const int taken = *open_listener("127.0.0.1:0", 16, 0);
  const int taken_path = *open_listener(directory.socket(), 16, 0600);
  struct {
    std::string bind;
    std::string what;
    std::string remedy;
  } const rows[] = {
      {address_of(taken), "another program listens there", "ss -lntxp"},
      {directory.socket(), "another program listens there", "ss -lntxp"},
      {directory.path + "/file", "there is a file of that name which is no socket", "take it away"},
      {directory.path + "/folder", "there is a folder of that name", "take it away"},
      {directory.path + "/none/a.sock", "No such file", "make that folder"},
      {directory.path + "/file/a.sock", "Not a directory", "make that folder"},
      {"/proc/a.sock", "", "make that folder"},
      {"/" + std::string(107, 'x'), "has at most 107 bytes", "a short path"},
      {"unix:run/a.sock", "must begin with '/'", "unix:/run/"},
      {"127.0.0.1", "a port is missing", "127.0.0.1:11311"},
      {"127.0.0.1:99999", "is not a port number", "127.0.0.1:11311"},
      {"localhost:1", "is not an IPv4 address", "127.0.0.1:11311"},
      {"192.0.2.1:0", "this machine has no such address", "0.0.0.0"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bind);
    const auto opened = open_listener(row.bind, 16, 0600);
    REQUIRE_FALSE(opened.has_value());
    CHECK_MESSAGE(opened.error().what.find(row.what) != std::string::npos, opened.error().what);
    CHECK(opened.error().what.starts_with("cannot listen on "));
    CHECK_MESSAGE(opened.error().remedy.find(row.remedy) != std::string::npos,
                  opened.error().remedy);
  }
  close_listener(taken);
  close_listener(taken_path);
}

TEST_CASE("a port that only root may have, a full table of files and a group say what to do") {
  const uid_t user = ::geteuid();
  const Directory directory;
  const int fd = *open_listener(directory.socket(), 16, 0600);
  const auto given = give_to_group(*Address::parse(directory.socket()), "no-such-group");
  REQUIRE_FALSE(given.has_value());
  CHECK(given.error().remedy.find("groupadd") != std::string::npos);
  close_listener(fd);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto full = open_listener("127.0.0.1:0", 16, 0);
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE_FALSE(full.has_value());
  CHECK(full.error().remedy.find("limit of open files") != std::string::npos);
  if (user == 0) REQUIRE(::seteuid(65534) == 0);
  const auto low = open_listener("127.0.0.1:1", 16, 0);
  if (user == 0) REQUIRE(::seteuid(0) == 0);
  if (low) return close_listener(*low);  // net.ipv4.ip_unprivileged_port_start.
  CHECK(low.error().remedy.find("a port above 1023") != std::string::npos);
}

TEST_CASE("a listener that cannot get its mode says what to do") {
  const Directory directory;
  const int fd = *open_listener(directory.socket(), 16, 0600);
  std::filesystem::remove(directory.socket());
  const auto adjusted = adjust_listener(fd, 8, 0660);
  REQUIRE_FALSE(adjusted.has_value());
  CHECK(adjusted.error().remedy.find("reload once more") != std::string::npos);
  close_listener(fd);
}

TEST_CASE("a unix socket in whose place there is something else is lost, and that stays as it is") {
  const Directory directory;
  const int fd = *open_listener(directory.socket(), 16, 0600);
  std::filesystem::remove(directory.socket());
  std::filesystem::create_directory(directory.socket());
  std::filesystem::permissions(directory.socket(), std::filesystem::perms::owner_all);
  CHECK(listener_is_lost(fd));
  CHECK(adjust_listener(fd, 8, 0660).has_value());
  struct stat status {};
  REQUIRE(::stat(directory.socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  close_listener(fd);
  CHECK(std::filesystem::exists(directory.socket()));
}

TEST_CASE("what cannot be listened on is refused with the address and the reason") {
  CHECK(open_listener("localhost:1", 16, 0).error().what ==
        "cannot listen on 'localhost:1': 'localhost' is not an IPv4 address");
  CHECK(open_listener("192.0.2.1:0", 16, 0).error().what ==
        "cannot listen on 192.0.2.1:0: this machine has no such address");
}

}  // namespace ringway::net
