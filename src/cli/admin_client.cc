// See admin_client.h. Blocking, bounded in time, and without any HTTP that ringway does
// not speak.
#include "cli/admin_client.h"

#include <fmt/format.h>

#include "admin/token.h"
#include "cli/peer.h"
#include "net/sockets.h"

namespace ringway::cli {
namespace {

std::string request_for(const AdminQuestion& question) {
  std::string request =
      fmt::format("{} {} HTTP/1.0\r\nHost: localhost\r\n", question.method, question.path);
  // So that it does not tell us to go on before our own time is over.
  if (question.method == "POST") {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(question.patience).count() + 1;
    request += fmt::format("Content-Length: 0\r\nPrefer: wait={}\r\n", wait);
  }
  if (!question.token.empty()) {
    request += fmt::format("Authorization: Bearer {}\r\n", question.token);
  }
  return request + "\r\n";
}

Result<std::string> exchanged(const AdminQuestion& question) {
  const Instant deadline = net::monotonic_now() + question.patience;
  auto peer = Peer::connect(question.address, question.patience);
  if (!peer) return std::unexpected(peer.error());
  if (net::monotonic_now() >= deadline) return failure("cannot connect: timed out");
  if (const auto sent = peer->send(request_for(question)); !sent) {
    return std::unexpected(sent.error());
  }
  return peer->rest(deadline - net::monotonic_now(), question.bytes_max);
}

// "HTTP/1.1 200 OK" -> 200; 0 if it is no such line.
int status_of(std::string_view answer) {
  const auto space = answer.find(' ');
  if (!answer.starts_with("HTTP/1.") || space == answer.npos) return 0;
  const auto digits = answer.substr(space + 1, 3);
  if (digits.size() != 3 || digits.find_first_not_of("0123456789") != digits.npos) return 0;
  return std::stoi(std::string(digits));
}

}  // namespace

Result<AdminAnswer> asked_admin(const AdminQuestion& question) {
  const auto answer = exchanged(question);
  if (!answer) {
    return failure(fmt::format("cannot ask {}: {}", question.address, answer.error()));
  }
  const auto head_end = answer->find("\r\n\r\n");
  const int status = status_of(*answer);
  if (status == 0 || head_end == answer->npos) {
    return failure(fmt::format("{} does not speak HTTP", question.address));
  }
  return AdminAnswer{status, answer->substr(head_end + 4)};
}

Result<void> is_ringway(const AdminQuestion& question) {
  // config_hash stands in the first lines of /status, which may have megabytes.
  constexpr std::size_t enough_bytes = 4096;
  AdminQuestion status = question;
  status.token.clear();
  status.method = "GET";
  status.path = "/status";
  status.bytes_max = enough_bytes;
  const Instant deadline = net::monotonic_now() + question.patience;
  auto answer = asked_admin(status);
  if (answer && answer->status == 401 && !question.token.empty()) {
    status.token = question.token;
    status.patience = deadline - net::monotonic_now();
    answer = asked_admin(status);
  }
  if (answer && answer->status == 200 && answer->body.contains("\"config_hash\"")) return {};
  if (answer && answer->status == 401) {
    return failure(fmt::format("{} {}", question.address,
                               question.token.empty()
                                   ? "wants a token: give its admin.token_file with --token-file"
                                   : "refuses the token of --token-file"));
  }
  const std::string why =
      answer ? fmt::format("{} answers GET /status with {} and no state of a ringway",
                           question.address, answer->status)
             : answer.error();
  return failure(why + "; is it the [admin] bind of a running ringway?");
}

Result<std::string> token_of(const std::string& file) {
  return file.empty() ? Result<std::string>() : admin::token_in(file);
}

}  // namespace ringway::cli
