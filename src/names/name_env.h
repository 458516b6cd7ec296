// What following the names of servers needs of the outside: a clock, chance, and somebody
// who asks the resolver. It is a part of the ControlEnv of control.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringway/base/time.h"

#include "names/name_state.h"

namespace ringway::reload {

struct Resolved {
  std::string name;  // As it was asked for.
  Answer answer;
};

class NameEnv {
 public:
  NameEnv() = default;
  NameEnv(const NameEnv&) = delete;
  NameEnv& operator=(const NameEnv&) = delete;
  virtual ~NameEnv() = default;

  virtual Instant now() = 0;  // Any thread.
  virtual std::uint64_t random() = 0;

  // Asks for the addresses behind `name` ("host:port"); the answer comes later.
  virtual void resolve(const std::string& name) = 0;
  virtual std::vector<Resolved> take_resolved() = 0;
};

}  // namespace ringway::reload
