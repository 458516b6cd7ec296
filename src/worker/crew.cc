// Which worker is home to a pool, and how it is called: a letter, read in its next turn.
// The hash is the default one of keys; any that is fixed would do.
#include "worker/crew.h"

#include "ringway/hash/hash.h"

namespace ringway::worker {

std::uint32_t Crew::home_of(std::string_view pool) const {
  return static_cast<std::uint32_t>(hash::functions()[0].of(pool) % desks.size());
}

void Crew::call_home(std::uint32_t worker, pool::ServerId server) {
  desks[worker]->mailbox.post(Reconsider{server});
}

}  // namespace ringway::worker
