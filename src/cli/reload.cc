// See reload.h. The other end is reload_route.h, whose HTTP status becomes the exit status
// here.
#include "cli/reload.h"

#include "cli/admin_client.h"

namespace ringway::cli {
namespace {

// Longer than rings, names and sockets take together.
constexpr Duration patience = std::chrono::minutes(2);

}  // namespace

int reload(const ReloadOptions& options, Streams streams) {
  const auto token = token_in(options.token_file);
  if (!token) {
    streams.err << token.error() << "\n";
    return exit_error;
  }
  const auto answer =
      asked_admin({.address = options.live,
                   .token = *token,
                   .method = "POST",
                   .path = options.accept_moved ? "/reload?accept_moved=1" : "/reload",
                   .patience = patience});
  if (!answer) {
    streams.err << answer.error() << "\n";
    return exit_error;
  }
  const bool good = answer->status == 200 || answer->status == 202;
  (good ? streams.out : streams.err) << answer->body;
  if (good) return exit_ok;
  return answer->status == 409 ? exit_refused : exit_error;
}

}  // namespace ringway::cli
