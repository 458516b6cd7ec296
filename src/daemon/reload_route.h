// POST /reload[?accept_moved=1] of the admin address: reads the configuration again, and
// answers when every worker behaves by it, or when it is clear that none will.
#pragma once

#include "admin/http.h"
#include "reload/control.h"

namespace ringway::cli {

// The control outlives the route.
admin::HttpRoute reload_route(reload::Control& control);

}  // namespace ringway::cli
