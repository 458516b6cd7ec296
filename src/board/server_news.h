// What connections and ringway's own requests tell about a server. Health listens, which stands
// above them: this is the one way up. What concerns servers of another home worker it leaves alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringway/base/bytes.h"
#include "ringway/pool/pool.h"

namespace ringway::proxy {

class ServerNews {
 public:
  ServerNews() = default;
  ServerNews(const ServerNews&) = delete;
  ServerNews& operator=(const ServerNews&) = delete;

  // It greeted a new connection, or answered a check.
  virtual void on_proved(pool::ServerId server) = 0;
  // A connection can carry requests, after another sign of life: it proves nothing new.
  virtual void on_ready(pool::ServerId server) = 0;
  // A connection could not be made, or a check was not answered. "refused the connection"
  virtual void on_disproved(pool::ServerId server, std::string_view cause) = 0;
  // One owed delete arrived, or did not; `done`: as opposed to answered with an error.
  virtual void on_owed_answered(pool::ServerId server, bool done) = 0;
  virtual void on_owed_failed(pool::ServerId server, std::string key) = 0;

 protected:
  ~ServerNews() = default;
};

}  // namespace ringway::proxy
