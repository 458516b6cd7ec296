// Making and freeing. What an exchange holds of buffers and lists is given back before the exchange
// itself is; each fragment of a gather goes before its gather.
#include "exchange/exchanges.h"

#include <utility>

namespace ringway::proxy {

Gather& Exchanges::make_gather(Exchange& exchange) {
  RINGWAY_ASSERT(!exchange.gather);
  exchange.gather = &gathers_.make();
  return *exchange.gather;
}

Fragment& Exchanges::make_fragment(Exchange& exchange) {
  RINGWAY_ASSERT(exchange.gather && "one key has its fragment in place");
  Fragment& fragment = fragments_.make();
  fragment.exchange = &exchange;
  fragment.slot = no_slot;
  return fragment;
}

void Exchanges::free_fragments(Gather& gather) {
  while (Fragment* fragment = gather.fragments) {
    RINGWAY_ASSERT(fragment->conn == nullptr && fragment->announced == 0);
    RINGWAY_ASSERT(fragment->state != FragmentState::held);
    gather.fragments = fragment->sibling;
    fragment->stash.clear(buffers_);
    fragments_.free(*fragment);
  }
}

void Exchanges::free(Exchange& exchange) {
  RINGWAY_ASSERT(exchange.over && exchange.fragments_asked == 0);
  exchange.deadline_link.leave();
  if (Gather* gather = std::exchange(exchange.gather, nullptr)) {
    free_fragments(*gather);
    gather->keys.clear(buffers_);
    gather->error.clear(buffers_);
    gathers_.free(*gather);
  }
  exchange.key.clear(buffers_);
  exchange.memo.clear(buffers_);
  RINGWAY_ASSERT(exchange.first.announced == 0);
  exchange.first.stash.clear(buffers_);
  exchanges_.free(exchange);
}

}  // namespace ringway::proxy
