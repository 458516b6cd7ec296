// Request deadlines: per distinct timeout one list in order of arrival, which is
// therefore always sorted. Joining, leaving and finding the next one cost nothing,
// however many requests are open.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "exchange/exchange.h"
#include "net/list.h"

namespace ringway::proxy {

class Deadlines {
 public:
  void add(Exchange& exchange, Instant now, Duration timeout) {
    exchange.deadline = now + timeout;
    list_for(timeout).exchanges.push_back(exchange);
  }

  Instant next() const {
    Instant first = never;
    for (const auto& list : lists_) {
      if (const Exchange* exchange = list->exchanges.front()) {
        first = std::min(first, exchange->deadline);
      }
    }
    return first;
  }

  // Lists of timeouts that no request has any more.
  void forget_unused() {
    std::erase_if(lists_, [](const auto& list) { return list->exchanges.front() == nullptr; });
  }

  // Takes out one exchange whose time is up, and its timeout; null if there is none.
  Exchange* pop_expired(Instant now, Duration& timeout) {
    for (const auto& list : lists_) {
      Exchange* exchange = list->exchanges.front();
      if (!exchange || exchange->deadline > now) continue;
      timeout = list->timeout;
      return list->exchanges.pop_front();
    }
    return nullptr;
  }

 private:
  struct Same {
    Duration timeout;
    net::List<Exchange, &Exchange::deadline_link> exchanges;
  };

  Same& list_for(Duration timeout) {
    for (const auto& list : lists_) {
      if (list->timeout == timeout) return *list;
    }
    lists_.push_back(std::make_unique<Same>());
    lists_.back()->timeout = timeout;
    return *lists_.back();
  }

  std::vector<std::unique_ptr<Same>> lists_;
};

}  // namespace ringway::proxy
