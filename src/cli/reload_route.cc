// See reload_route.h. An HTTP thread waits here for as long as it takes; the reload itself
// is control's, which also answers whoever waits when the process ends.
#include "cli/reload_route.h"

#include <algorithm>

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
  return {"POST", "/reload", [&control](const admin::HttpRequest& request) {
            const bool accept_moved =
                std::ranges::count(request.query,
                                   std::pair<std::string, std::string>{"accept_moved", "1"}) > 0;
            const reload::Outcome outcome = control.order_reload(accept_moved).get();
            return admin::HttpAnswer{.status = status_of(outcome.ending), .body = outcome.text};
          }};
}

}  // namespace ringway::cli
