// What connections and ringway's own requests tell about a server's health. Health
// listens; what concerns servers of another home worker it leaves alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringway/base/bytes.h"
#include "ringway/pool/pool.h"

namespace ringway::proxy {

struct ServerConn;

class HealthSink {
 public:
  HealthSink() = default;
  HealthSink(const HealthSink&) = delete;
  HealthSink& operator=(const HealthSink&) = delete;

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
  ~HealthSink() = default;
};

// Requests that no client asked for; the executor carries them out.
class InternalRequests {
 public:
  InternalRequests() = default;
  InternalRequests(const InternalRequests&) = delete;
  InternalRequests& operator=(const InternalRequests&) = delete;

  virtual void send_check(ServerConn& conn) = 0;
  // `key` as it is hashed.
  virtual void send_owed_delete(ServerConn& conn, Bytes key) = 0;

 protected:
  ~InternalRequests() = default;
};

// Workers that are home to pools. Any thread: the home worker of a server looks at it.
class Homes {
 public:
  Homes() = default;
  Homes(const Homes&) = delete;
  Homes& operator=(const Homes&) = delete;

  // Which worker is home to a pool: the same as long as the process lives.
  virtual std::uint32_t home_of(std::string_view pool) const = 0;
  virtual void call_home(std::uint32_t worker, pool::ServerId server) = 0;

 protected:
  ~Homes() = default;
};

}  // namespace ringway::proxy
