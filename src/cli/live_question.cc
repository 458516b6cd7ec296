// See live_question.h. What is asked, and what an answer that is none is made into; the
// asking itself is admin_client.h's.
#include "cli/live_question.h"

#include <fmt/format.h>

#include "cli/admin_client.h"
#include "explain/key_text.h"

namespace ringway::cli {
namespace {

std::string without_line_end(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

Result<std::string> asked_live(const LiveQuestion& question) {
  const std::string path =
      fmt::format("/explain?key={}&listener={}&format={}", percent_encoded(question.key),
                  percent_encoded(question.listener), question.json ? "json" : "text");
  const auto answer =
      asked_admin({.address = question.address, .token = question.token, .path = path});
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 200) return answer->body;
  return failure(fmt::format("{} answers {}: {}", question.address, answer->status,
                             without_line_end(answer->body)));
}

}  // namespace ringway::cli
