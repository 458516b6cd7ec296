// Which worker judges the servers of a pool, and how others ask it to look at one of them: one
// judge for each, whoever saw what speaks against it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "ringway/hash/hash.h"
#include "ringway/pool/pool.h"

namespace ringway::proxy {

class HomeWorkers {
 public:
  // Any thread: that worker looks at the server in its next turn.
  using Ask = std::function<void(std::uint32_t worker, pool::ServerId server)>;

  HomeWorkers(std::size_t workers, Ask ask) : workers_(workers), ask_(std::move(ask)) {}

  // By the pool's name, so that a reload never moves a home. The hash is the default one of keys;
  // any that is fixed would do.
  std::uint32_t of(std::string_view pool) const {
    return static_cast<std::uint32_t>(hash::functions()[0].of(pool) % workers_);
  }
  void ask(std::uint32_t worker, pool::ServerId server) const { ask_(worker, server); }

 private:
  const std::size_t workers_;
  const Ask ask_;
};

}  // namespace ringway::proxy
