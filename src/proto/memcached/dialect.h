// What stands in memcached's row of the table of dialects (dialects.cc). See proto/dialect.h for
// what each is to do.
#pragma once

#include "ringway/proto/dialect.h"

namespace ringway::proto::memcached {

// Replies (dialect_replies.cc).
void next_piece(Framing& framing, Bytes input, const Asked& asked, Piece& out);
char* write_marked(Bytes told, TokenMark mark, char* out);
Greeted greeted(Bytes input, Bytes& says);

// Requests (dialect_requests.cc).
Bytes hashed_key(CommandId command, Bytes key, Bytes memo, char* out);
std::string_view name_of(CommandId command);
bool may_be_unknown_of(CommandId command);
Request again(const Asked& asked);
Request removal(Bytes key, std::string& space);
Request check();
void adapt(Request& request, const std::optional<TtlCap>& cap, std::string& space);
std::size_t keys_bytes_max_of(CommandId command);
char* write_head(const Asked& asked, const std::optional<TtlCap>& cap, char* out);

// ringway's own words (dialect_words.cc).
// Clients read a memcached's version and decide what it can: ringway speaks what
// 1.6.18 speaks, and says who it is in a word of its own behind that (npm's memcached
// takes the last three numbers of the first word).
inline constexpr Bytes version = "1.6.18 ringway-" RINGWAY_VERSION;
inline constexpr Bytes not_allowed = "CLIENT_ERROR flush_all not allowed\r\n";
std::string refusal(std::string_view why);
std::string miss(const Asked& asked);
std::string unstored(const Asked& asked);
std::string outdated(const Asked& asked);
Bytes end_of_many(CommandId command);
bool local(const Request& request, const FigureSource& figures, std::string& out);

}  // namespace ringway::proto::memcached
