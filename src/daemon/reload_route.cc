// See reload_route.h. Nobody waits here: the outcome is asked for now and then. The reload
// itself is control's, which also answers whoever waits when the process ends.
#include "daemon/reload_route.h"

#include <algorithm>
#include <future>
#include <memory>

namespace ringway::cli {
namespace {

int status_of(reload::Ending ending) {
  switch (ending) {
    case reload::Ending::done:
    case reload::Ending::unchanged: return 200;
    case reload::Ending::scheduled: return 202;
    case reload::Ending::refused: return 409;
    case reload::Ending::failed: return 422;
    case reload::Ending::stopping: return 503;
  }
  return 500;
}

}  // namespace

admin::HttpRoute reload_route(reload::Control& control) {
  const auto begin = [&control](const admin::HttpRequest& request) -> admin::HttpLater {
    const std::pair<std::string, std::string> accept{"accept_moved", "1"};
    const bool accept_moved = std::ranges::count(request.query, accept) > 0;
    auto outcome =
        std::make_shared<std::future<reload::Outcome>>(control.order_reload(accept_moved));
    return [outcome]() -> std::optional<admin::HttpAnswer> {
      if (outcome->wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        return std::nullopt;
      const reload::Outcome found = outcome->get();
      return admin::HttpAnswer{.status = status_of(found.ending), .body = found.text};
    };
  };
  return {.method = "POST", .pattern = "/reload", .answer = {}, .begin = begin};
}

}  // namespace ringway::cli
