// POST /pools/{pool}/servers/{server}/state of the admin address: what an operator asks of
// one server for the moment. `state=up|drain|maintenance|auto` as query or body; auto gives
// it back to the file.
#pragma once

#include "admin/http.h"
#include "reload/control.h"

namespace ringway::cli {

// Outlives the route.
admin::HttpRoute state_route(reload::Control& control);

}  // namespace ringway::cli
