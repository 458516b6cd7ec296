// Where exchanges, their fragments and gathers are made and freed. An exchange is over when it has
// left its client's line (or never had one) and none of its fragments is in a FIFO any more.
#pragma once

#include <cstdint>
#include <utility>

#include "exchange/exchange.h"
#include "exchange/gather.h"
#include "exchange/memory.h"
#include "net/buffer_pool.h"
#include "net/slab.h"

namespace ringway::proxy {

class Exchanges {
 public:
  Exchanges(net::BufferPool& buffers, Memory& memory)
      : buffers_(buffers),
        exchanges_(memory.objects_bytes()),
        fragments_(memory.objects_bytes()),
        gathers_(memory.objects_bytes()) {}

  Exchange& make(const proto::Request& request) {
    Exchange& exchange = exchanges_.make();
    exchange.command = request.command;
    exchange.effect = request.effect;
    exchange.first.exchange = &exchange;
    return exchange;
  }
  Gather& make_gather(Exchange& exchange);
  Fragment& make_fragment(Exchange& exchange);
  // Of a group that has left: none is in a FIFO or waits for one.
  void free_fragments(Gather& gather);
  // To be asked whenever it may be over: it left its line, or a fragment of it left a FIFO. Whoever
  // holds it may use it until the end of the turn.
  void end_if_over(Exchange& exchange) {
    if (!exchange.answered || exchange.fragments_asked > 0) return;
    RINGWAY_ASSERT(exchange.client == nullptr && !exchange.over);
    exchange.over = true;
    exchange.line_next = std::exchange(over_, &exchange);
  }
  // At the end of a turn.
  void free_over() {
    while (over_) free(*std::exchange(over_, over_->line_next));
  }

  std::size_t in_use() const { return exchanges_.in_use(); }

 private:
  void free(Exchange& exchange);

  net::BufferPool& buffers_;
  Exchange* over_ = nullptr;  // To be freed; a chain through line_next.
  net::Slab<Exchange> exchanges_;
  net::Slab<Fragment> fragments_;
  net::Slab<Gather> gathers_;
};

}  // namespace ringway::proxy
