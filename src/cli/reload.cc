// See reload.h. The other end is reload_route.h, whose HTTP status becomes the exit status
// here.
#include "cli/reload.h"

#include <fmt/format.h>

#include "ringway/config/units.h"

#include "cli/admin_client.h"
#include "net/sockets.h"

namespace ringway::cli {
namespace {

// It has the order: whoever does not hear the outcome must not take it for undone.
std::string unheard(const std::string& why, Duration timeout) {
  return fmt::format(
      "{}\nthe reload was asked for and may still come about: its log and GET /status tell; "
      "--timeout waits longer than {}",
      why, config::print_duration(timeout));
}

}  // namespace

int reload(const ReloadOptions& options, Streams streams) {
  const auto give_up = [&](const std::string& why) {
    streams.err << why << "\n";
    return exit_error;
  };
  const Instant deadline = net::monotonic_now() + options.timeout;
  const auto token = token_of(options.token_file);
  if (!token) return give_up(token.error());
  AdminQuestion question{.address = options.live,
                         .token = *token,
                         .method = "POST",
                         .path = options.accept_moved ? "/reload?accept_moved=1" : "/reload",
                         .patience = options.timeout};
  if (const auto known = is_ringway(question); !known) return give_up(known.error());
  question.patience = deadline - net::monotonic_now();
  if (question.patience <= Duration::zero()) {
    return give_up(
        fmt::format("{} took all of --timeout {} to say who it is: it was asked for "
                    "nothing else",
                    options.live, config::print_duration(options.timeout)));
  }
  const auto answer = asked_admin(question);
  if (!answer) return give_up(unheard(answer.error(), options.timeout));
  const bool good = answer->status == 200 || answer->status == 202;
  (good ? streams.out : streams.err) << answer->body;
  if (good) return exit_ok;
  return answer->status == 409 ? exit_refused : exit_error;
}

}  // namespace ringway::cli
