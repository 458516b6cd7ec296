// See live_question.h. One GET by HTTP/1.0, so that the answer ends with the connection;
// not a client for other servers than ringway's own.
#include "cli/live_question.h"

#include <chrono>
#include <fmt/format.h>

#include "cli/key_text.h"
#include "cli/peer.h"

namespace ringway::cli {
namespace {

constexpr Duration timeout = std::chrono::seconds(5);

std::string request_for(const LiveQuestion& question) {
  std::string request = fmt::format(
      "GET /explain?key={}&listener={}&format={} HTTP/1.0\r\n", percent_encoded(question.key),
      percent_encoded(question.listener), question.json ? "json" : "text");
  request += "Host: localhost\r\n";
  if (!question.token.empty()) {
    request += fmt::format("Authorization: Bearer {}\r\n", question.token);
  }
  return request + "\r\n";
}

Result<std::string> exchanged(const LiveQuestion& question) {
  auto peer = Peer::connect(question.address, timeout);
  if (!peer) return std::unexpected(peer.error());
  if (const auto sent = peer->send(request_for(question)); !sent) {
    return std::unexpected(sent.error());
  }
  return peer->rest();
}

// "HTTP/1.1 200 OK" -> "200"
std::string_view status_of(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.")) return "";
  const auto space = answer.find(' ');
  return space == answer.npos ? "" : answer.substr(space + 1, 3);
}

std::string without_line_end(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

Result<std::string> asked_live(const LiveQuestion& question) {
  const auto answer = exchanged(question);
  if (!answer) {
    return failure(fmt::format("cannot ask {}: {}; is it the [admin] bind of a running ringway?",
                               question.address, answer.error()));
  }
  const auto head_end = answer->find("\r\n\r\n");
  const auto status = status_of(*answer);
  if (status.empty() || head_end == answer->npos) {
    return failure(
        fmt::format("{} does not speak HTTP: is it the [admin] bind of a running "
                    "ringway?",
                    question.address));
  }
  std::string body = answer->substr(head_end + 4);
  if (status == "200") return body;
  return failure(
      fmt::format("{} answers {}: {}", question.address, status, without_line_end(body)));
}

}  // namespace ringway::cli
