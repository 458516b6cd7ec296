// What control needs of the outside: the configuration, listening sockets, names
// resolved, and somebody else to do what takes long. The real ones are in
// system_env.h; the simulator brings its own.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/base/time.h"
#include "ringway/config/load.h"

#include "names/name_env.h"
#include "net/listener_socket.h"

namespace ringway::reload {

class ControlEnv : public NameEnv {
 public:
  // By the calendar, in UTC.
  virtual Duration since_1970() = 0;

  // Does this off control's thread, and then lets control step. One at a time. It must not
  // throw. May fail for want of a thread: then nothing was begun.
  virtual Result<void> begin(std::function<void()> work) = 0;
  virtual bool working() = 0;
  // Lets control step soon. Any thread.
  virtual void wake() {}

  // The configuration as it is written now; called by work.
  virtual config::Loaded load() = 0;
  // What it leaves to the machine; called by work.
  virtual void settle(config::Config& /*config*/) {}
  // Files that a configuration names and that a reload reads again, once it is known to be right.
  virtual void read_again() {}

  // Called by work, too.
  using Opening = std::expected<int, net::NoSocket>;
  using Adjusting = std::expected<void, net::NoSocket>;
  virtual Opening open_listener(const std::string& bind, const config::Listener& settings) = 0;
  // One that goes on with other settings.
  virtual Adjusting adjust_listener(int /*fd*/, const config::Listener& /*settings*/) { return {}; }
  // Connections that wait in the listener's backlog, accepted; nothing may be in
  // flight on it. Worlds without a backlog have none.
  virtual std::vector<int> accept_waiting(int /*fd*/) { return {}; }
  // Once nothing is in flight on it.
  virtual void close_listener(int fd) = 0;
  // Nobody can connect to it any more: somebody has removed its file, or put another there.
  virtual bool listener_is_lost(int /*fd*/) { return false; }
  // Something may be in flight on it still: the process ends without closing it.
  virtual void abandon_listener(int /*fd*/) {}
};

}  // namespace ringway::reload
