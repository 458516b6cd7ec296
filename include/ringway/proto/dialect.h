// One protocol as the carrying core sees it: a row of functions, both directions, and ringway's own
// words in it. All are pure, are called once per request or piece and never per byte, and know
// nothing but what they are handed. Rows: dialects.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/bytes.h"
#include "ringway/proto/reply.h"
#include "ringway/proto/request.h"
#include "ringway/proto/token_mark.h"

namespace ringway::proto {

// What is written to a stand-in lives no longer than this.
struct TtlCap {
  std::int64_t ttl_max_s = 0;
  std::int64_t unix_now_s = 0;  // Times may be absolute.
};

// What a server makes of the greeting.
enum class Greeted : std::uint8_t {
  more,         // Its answer is not whole yet.
  ready,        //
  as_ringway,   // Ready, and a ringway.
  unable,       // A ringway that says that it can do nothing.
  wants_login,  // It lives, and will refuse whatever it is asked: that is the operator's to mend.
  turned_away,  // It has too many connections.
  another,      // It does not speak this protocol.
};

// ringway's own figures, for clients that ask it for some.
struct Figure {
  std::string name;
  std::string value;
};
using Figures = std::vector<Figure>;
struct FigureSource {
  std::function<Figures()> totals;
  std::function<Figures()> settings;
  std::function<std::string()>
      out_of_service;  // Why none of its servers can be asked; empty: some can.
};

// What a connection is refused with, for which there is no room, in refusal().
inline constexpr std::string_view too_many_clients = "too many clients";

struct Dialect {
  std::string_view name;

  // --- From clients ---
  // The first request of `input`. `out.scanned` is read and written: 0 for a fresh start. Never
  // reads past `input`, never allocates, accepts any bytes. The outcome depends on the bytes
  // alone, not on how they arrived. `rejected` also covers what needs no server.
  void (*parse)(Bytes input, const RequestLimits& limits, ParsedRequest& out);
  std::size_t line_bytes_max;  // A longer line announces no payload.
  // Walks Request::keys: `for (Bytes key; next_key(rest, key);)`.
  bool (*next_key)(Bytes& rest, Bytes& key);
  // A key as it is hashed; may be written to `out`, which has room for key_bytes_max bytes.
  Bytes (*hashed_key)(CommandId command, Bytes key, Bytes memo, char* out);

  std::string_view (*name_of)(CommandId command);
  // Younger than what every proxy and every old server speaks: some close the connection at it.
  bool (*may_be_unknown)(CommandId command);

  // --- To servers: whole requests, each of which has a reply ---
  std::size_t (*room)(const Request& request);
  char* (*write)(const Request& request, char* out);
  // A read that is asked once more, from what was kept of it.
  Request (*again)(const Asked& asked);
  // A delete of the key, which is given as it is hashed; `space` keeps how it is written.
  Request (*removal)(Bytes key, std::string& space);
  // Its times lowered, its token as it stands in `request`; `space` keeps what is written anew.
  void (*adapt)(Request& request, const std::optional<TtlCap>& cap, std::string& space);
  // Several keys in one request: a head, the keys with a space before each, a line end.
  std::size_t (*keys_bytes_max)(CommandId command);
  char* (*write_head)(const Asked& asked, const std::optional<TtlCap>& cap, char* out);

  // --- From servers ---
  // The next head of the reply to `asked`. `framing` is the connection's, and no body is on its
  // way; `out` is fresh.
  void (*next)(Framing& framing, Bytes input, const Asked& asked, Piece& out);
  // A head whose token is told with a mark. `out` has room for told.size() + 20 bytes.
  char* (*write_marked)(Bytes told, TokenMark mark, char* out);
  Bytes version;  // As which ringway takes part in it.
  Bytes greeting;
  Greeted (*greeted)(Bytes input, Bytes& says);  // `says`: of one that is unable, its words.
  Request (*check)();  // Whose well-framed answer proves that a server lives.

  // --- ringway's own words ---
  std::string (*refusal)(std::string_view why);  // "SERVER_ERROR ringway: ...", its end included.
  Bytes not_allowed;                             // What a rule refuses.
  std::string (*miss)(const Asked& asked);       // A read that failed, told as a miss.
  std::string (*unstored)(const Asked& asked);   // A write that failed, told as not done.
  std::string (*outdated)(const Asked& asked);   // The token is not that of the value.
  Bytes (*end_of_many)(CommandId command);       // Behind the last of several keys or servers.
  // What ringway answers itself; false: the client wants to end.
  bool (*local)(const Request& request, const FigureSource& figures, std::string& out);
};

// Where write_head() has room for.
inline constexpr std::size_t head_bytes_max = 64;

// Null if there is none of that name.
const Dialect* find_dialect(std::string_view name);

}  // namespace ringway::proto
