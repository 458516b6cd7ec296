// Request deadlines: per distinct timeout one list in order of arrival, which is
// therefore always sorted. Joining, leaving and finding the next one cost nothing,
// however many requests are open.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
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

  // Takes out every exchange whose time is up, and marks it: one that fails lets the next come to
  // the head of its line, which then must not begin to stream. Valid until it is called again.
  struct Expired {
    Exchange* exchange;
    Duration timeout;
  };
  std::span<const Expired> take_expired(Instant now) {
    expired_.clear();
    for (const auto& list : lists_) {
      while (Exchange* exchange = list->exchanges.front()) {
        if (exchange->deadline > now) break;
        list->exchanges.pop_front();
        exchange->expired = true;
        expired_.push_back({exchange, list->timeout});
      }
    }
    return expired_;
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
  std::vector<Expired> expired_;
};

}  // namespace ringway::proxy
