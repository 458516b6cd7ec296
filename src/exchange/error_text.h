// What ringway itself says when it cannot answer: always which server or pool,
// and what happened, in the protocol's own form.
#pragma once

#include <string>
#include <string_view>

#include "ringway/base/time.h"

namespace ringway::proxy {

// "500ms", "1500ms", "2s", "250us": as the configuration reads it.
std::string duration_text(Duration duration);

// "SERVER_ERROR ringway: server web2 (10.0.0.2:11211) timed out after 500ms\r\n"
std::string server_error(std::string_view label, std::string_view what);

// "SERVER_ERROR ringway: pool web has no server that takes traffic\r\n"
std::string pool_error(std::string_view pool, std::string_view what);

// A reply that would take its client past client_output_max.
inline constexpr std::string_view reply_too_large =
    "SERVER_ERROR ringway: the reply is larger than client_output_max allows\r\n";

// What is refused while this worker's part of memory_max is used up.
inline constexpr std::string_view no_memory_reply =
    "SERVER_ERROR ringway: memory_max is reached: no room for a value this large\r\n";
inline constexpr std::string_view no_memory_for_line =
    "SERVER_ERROR ringway: memory_max is reached: no room for a line this large";
inline constexpr std::string_view no_memory = no_memory_reply.substr(0, no_memory_reply.size() - 2);

// The words for what a connection died of: "refused the connection".
std::string_view connection_failure(int error);
// It was the peer that ended it, not the network or ringway.
bool ended_by_peer(int error);

}  // namespace ringway::proxy
