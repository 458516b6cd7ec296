// What ringway itself says when it cannot answer: always which server or pool,
// and what happened. A dialect puts it into its protocol's form.
#pragma once

#include <string>
#include <string_view>

#include "ringway/base/time.h"

namespace ringway::proxy {

// "500ms", "1500ms", "2s", "250us": as the configuration reads it.
std::string duration_text(Duration duration);

// "server web2 (10.0.0.2:11211) timed out after 500ms"
std::string of_server(std::string_view label, std::string_view what);

// "pool web has no server that takes traffic"
std::string of_pool(std::string_view pool, std::string_view what);
inline constexpr std::string_view nobody_serves_text = "has no server that takes traffic";

// A reply that would take its client past client_output_max.
inline constexpr std::string_view reply_too_large =
    "the reply is larger than client_output_max allows";

// What is refused while this worker's part of memory_max is used up.
inline constexpr std::string_view no_memory =
    "memory_max is reached: no room for a value this large";
inline constexpr std::string_view no_memory_for_line =
    "memory_max is reached: no room for a line this large";

// `says "ringway: pool web has no server that takes traffic"`: of a server that is a ringway.
std::string said(std::string_view text);

// "closes connections at mg; next try in 4s"
std::string shunned_text(std::string_view command, Duration left);

// The words for what a connection died of: "refused the connection".
std::string_view connection_failure(int error);
// It was the peer that ended it, not the network or ringway.
bool ended_by_peer(int error);

}  // namespace ringway::proxy
