// See play_io.h. Peers answer what they heard at the next wait(), all of it at once,
// in the order of their descriptors.
#include "bench/played/play_io.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "ringway/base/assert.h"

namespace ringway::bench {
namespace {

constexpr int first_client_fd = 100;
constexpr int first_server_fd = 1000;
constexpr std::uint64_t keys = 1000;

std::uint64_t next(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state >> 33;
}

}  // namespace

PlayIo::PlayIo(const Script& script) : script_(script), value_(script.value_max, 'v') {
  for (std::uint32_t i = 0; i < script.clients; ++i) peers_[client_fd(i)];
}

PlayIo::~PlayIo() = default;

int PlayIo::client_fd(std::uint32_t number) const {
  return first_client_fd + static_cast<int>(number);
}

std::uint64_t PlayIo::random() {
  return next(chance_);
}

std::string PlayIo::key(std::uint64_t number) const {
  char text[24];
  std::snprintf(text, sizeof text, "key:%016llu", static_cast<unsigned long long>(number));
  return text;
}

std::size_t PlayIo::value_bytes(std::string_view key) const {
  std::uint64_t sum = 0;
  for (const char c : key) sum = sum * 31 + static_cast<unsigned char>(c);
  return script_.value_min + next(sum) % (script_.value_max - script_.value_min + 1);
}

std::uint64_t PlayIo::value_reply_bytes(std::string_view key) const {
  const std::size_t bytes = value_bytes(key);
  return std::string_view("VALUE ").size() + key.size() + 3 + std::to_string(bytes).size() + 2 +
         bytes + 2;
}

int PlayIo::connect(net::Token token, const net::Address&, const net::SocketOptions&) {
  const Aside aside;
  const int fd = first_server_fd + servers_++;
  peers_[fd];
  news_.push_back({.token = token});
  return fd;
}

void PlayIo::recv(net::Token token, int fd, net::Buffers) {
  const Aside aside;
  peers_.at(fd).recv_token = token;
  if (fd < first_server_fd) ask(peers_.at(fd));
}

void PlayIo::send(net::Token token, int fd, std::span<const Bytes> parts) {
  const Aside aside;
  std::size_t total = 0;
  for (const Bytes part : parts) {
    peers_.at(fd).heard.append(part);
    total += part.size();
  }
  news_.push_back({.token = token, .result = static_cast<std::int32_t>(total)});
}

std::span<const net::Completion> PlayIo::wait(Instant, const net::Expected&) {
  const Aside aside;
  now_ += std::chrono::microseconds(50);
  lent_.clear();
  lent_.reserve(peers_.size());
  for (auto& [fd, peer] : peers_) {
    fd < first_server_fd ? hear(peer) : serve(peer);
    if (peer.says.empty() || peer.recv_token.op == net::Op::none) continue;
    const std::string& bytes = lent_.emplace_back(std::exchange(peer.says, {}));
    news_.push_back({.token = peer.recv_token,
                     .result = static_cast<std::int32_t>(bytes.size()),
                     .last = false,
                     .bytes = bytes});
  }
  told_ = std::exchange(news_, {});
  RINGWAY_ASSERT(told_.size() <= completions_max);
  return told_;
}

// --- Clients --------------------------------------------------------------------

void PlayIo::ask(Peer& client) {
  for (std::uint32_t i = 0; i < script_.pipeline; ++i) {
    if (asked_++ % 10 < script_.sets_of_10) {
      const std::string name = key(next(subject_) % keys);
      const std::size_t bytes = value_bytes(name);
      client.says += "set " + name + " 0 0 " + std::to_string(bytes) + "\r\n";
      client.says.append(value_, 0, bytes).append("\r\n");
      client.owed += std::string_view("STORED\r\n").size();
      continue;
    }
    client.says += "get";
    for (std::uint32_t k = 0; k < script_.keys_per_get; ++k) {
      const std::string name = key(next(subject_) % keys);
      client.says.append(" ").append(name);
      client.owed += value_reply_bytes(name);
    }
    client.says += "\r\n";
    client.owed += std::string_view("END\r\n").size();
  }
}

void PlayIo::hear(Peer& client) {
  if (client.heard.empty()) return;
  RINGWAY_ASSERT(client.heard.size() <= client.owed && client.heard.ends_with("\r\n"));
  client.owed -= client.heard.size();
  client.heard.clear();
  if (client.owed > 0) return;
  answered_ += script_.pipeline;
  ask(client);
}

// --- Servers --------------------------------------------------------------------

void PlayIo::serve(Peer& server) {
  std::string_view heard = server.heard;
  while (const std::size_t taken = serve_one(server, heard)) heard.remove_prefix(taken);
  RINGWAY_ASSERT(heard.empty() && "ringway sends whole requests");
  server.heard.clear();
}

std::size_t PlayIo::serve_one(Peer& server, std::string_view heard) {
  const std::size_t end = heard.find("\r\n");
  if (end == std::string_view::npos) return 0;
  std::string_view line = heard.substr(0, end);
  const std::size_t verb = std::min(line.find(' '), line.size());
  if (line.substr(0, verb) == "set") {
    server.says += "STORED\r\n";
    return end + 2 + std::strtoul(line.data() + line.rfind(' '), nullptr, 10) + 2;
  }
  if (line.substr(0, verb) == "get") {
    while (line.find(' ') != std::string_view::npos) {
      line.remove_prefix(line.find(' ') + 1);
      const std::string_view name = line.substr(0, line.find(' '));
      const std::size_t bytes = value_bytes(name);
      server.says.append("VALUE ").append(name).append(" 0 ").append(std::to_string(bytes));
      server.says.append("\r\n").append(value_, 0, bytes).append("\r\n");
    }
    server.says += "END\r\n";
    return end + 2;
  }
  RINGWAY_ASSERT(line == "version");
  server.says += "VERSION 1.6.18\r\n";
  return end + 2;
}

}  // namespace ringway::bench
