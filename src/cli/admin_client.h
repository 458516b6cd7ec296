// One question to the admin address of a running ringway, by HTTP/1.0, so that the answer
// ends with the connection. Not a client for other servers than ringway's own.
#pragma once

#include <string>
#include <string_view>

#include "ringway/base/result.h"
#include "ringway/base/time.h"

namespace ringway::cli {

struct AdminQuestion {
  std::string address;  // "127.0.0.1:9311", "unix:/run/ringway/admin.sock"
  std::string token;    // Empty: none is sent.
  std::string method = "GET";
  std::string path;                             // With its query.
  Duration patience = std::chrono::seconds(5);  // For all of it.
  std::size_t bytes_max = 16 << 20;             // Of the answer; the rest is not read.
};

struct AdminAnswer {
  int status = 0;
  std::string body;
};

// Whatever it answers; otherwise a sentence that names the address.
Result<AdminAnswer> asked_admin(const AdminQuestion& question);

// Whether a ringway's [admin] answers there: a stranger is asked for nothing, takes no
// action, and shown no token unless it demands one. Of `question` the address, the token and
// the patience count.
Result<void> is_ringway(const AdminQuestion& question);

// The token that a file holds; no file, no token.
Result<std::string> token_of(const std::string& file);

}  // namespace ringway::cli
