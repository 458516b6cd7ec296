// GET /explain?key=...[&listener=...][&format=text] of the admin address: `explain` with
// the snapshot that traffic uses now and the servers that are live now.
#pragma once

#include "admin/http.h"
#include "reload/control.h"
#include "worker/shared.h"

namespace ringway::cli {

// Both outlive the route.
admin::HttpRoute explain_route(const reload::Control& control, const worker::Shared& shared);

}  // namespace ringway::cli
