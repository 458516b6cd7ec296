// What must hold between two turns of whoever is not read: each reason has an event that ends it
// and is still to come. exchange/README.md has the table; the simulator looks after its turns.
#include <array>

#include "clients/clients.h"

namespace ringway::proxy {

namespace {

// True if something will come that lets ringway look at the client again: its line moves, or it
// takes some of what it is told.
bool is_served(const ClientConn& client) {
  return client.line_first != nullptr || !client.output.empty();
}

void check(const ClientConn& client) {
  const auto waits_for = [&](PauseReason reason) { return client.pauses.holds(reason); };
  RINGWAY_ASSERT(!client.touched || client.closing);
  RINGWAY_ASSERT(!client.blocked || (client.pauses.any() && !client.input.empty()));
  RINGWAY_ASSERT(!waits_for(PauseReason::own) || (client.blocked && is_served(client)));
  RINGWAY_ASSERT(waits_for(PauseReason::server_queue) == (client.held && !client.finishing));
  const bool lined_up = client.memory_link.linked();
  RINGWAY_ASSERT(!lined_up || waits_for(PauseReason::memory));
  RINGWAY_ASSERT(!waits_for(PauseReason::memory) || lined_up ||
                 (client.blocked && is_served(client)));
  RINGWAY_ASSERT(client.wanted == 0 || (client.blocked && waits_for(PauseReason::memory)));
  const bool reads_on = client.input_ended || client.lingering || client.finishing;
  RINGWAY_ASSERT(reads_on || client.paused == client.pauses.any());
}

}  // namespace

void Clients::check_pauses() {
  std::array<std::uint32_t, pause_reasons> paused{};
  std::uint32_t halves = 0;
  std::uint32_t wanting = 0;
  each([&](const ClientConn& client) {
    halves += client.half ? 1 : 0;
    wanting += client.wanted > 0 ? 1 : 0;
    if (!client.closing) check(client);
    for (std::size_t i = 0; i < pause_reasons; ++i)
      paused[i] += client.pauses.holds(static_cast<PauseReason>(i)) ? 1 : 0;
  });
  RINGWAY_ASSERT(halves == halves_ && wanting == wanting_);
  RINGWAY_ASSERT(waiting_.empty() || look_timer_.set());
  for (std::size_t i = 0; i < pause_reasons; ++i)
    RINGWAY_ASSERT(paused[i] == paused_.count(static_cast<PauseReason>(i)));
}

}  // namespace ringway::proxy
