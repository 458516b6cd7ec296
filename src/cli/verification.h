// One run of `verify` as values: which keys went where. Works in batches, so that memory
// and the time that a throw-away key lives are bounded however many there are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/snapshot/snapshot.h"

#include "cli/memcached_peer.h"
#include "cli/throw_away_keys.h"

namespace ringway::cli {

// A key that is not where it should be.
struct Stray {
  std::string key;
  std::uint32_t home = 0;
  std::string what;  // "found on web2 (...)", "found nowhere", "not stored: ..."
};

struct ServerTally {
  std::uint32_t keys = 0;
  std::uint32_t found = 0;
};

class Verification {
 public:
  static constexpr std::uint32_t batch_keys = 64;
  static constexpr std::uint32_t ttl_s = 60;
  static constexpr std::size_t strays_kept_max = 10;

  // The snapshot outlives this. Names whom it cannot reach.
  static Result<Verification> connect(const snapshot::Listener& listener,
                                      const std::string& through, std::uint64_t nonce);

  // The keys from `first` on, `count` of them: written, looked for, deleted.
  Result<void> run(std::uint32_t first, std::uint32_t count);

  const std::vector<ServerTally>& tallies() const { return tallies_; }
  const std::vector<Stray>& strays() const { return strays_; }  // The first few.
  std::uint32_t keys() const { return keys_; }
  std::uint32_t found() const { return found_; }

 private:
  // A key on its way through one batch.
  struct CheckedKey {
    std::string key;
    std::uint32_t home = 0;
    std::string refusal;                // The proxy's, if it did not store it.
    std::vector<std::uint32_t> places;  // The servers that have it.
  };
  using CheckedKeys = std::vector<CheckedKey>;

  Verification(const pool::Pool& pool, const route::Route& route, MemcachedPeer proxy,
               std::uint64_t nonce)
      : pool_(pool),
        route_(route),
        proxy_(std::move(proxy)),
        names_(nonce, pool.tag),
        tallies_(pool.member_count) {}

  CheckedKeys keys_to_check(std::uint32_t first, std::uint32_t count) const;
  Result<void> write(CheckedKeys& checked);
  template <typename Wanted>
  Result<void> look(std::uint32_t server, CheckedKeys& checked, Wanted wanted);
  Result<void> read(CheckedKeys& checked);
  Result<void> remove(const CheckedKeys& checked);
  void tally(const CheckedKeys& checked);

  const pool::Pool& pool_;
  const route::Route& route_;
  MemcachedPeer proxy_;
  std::vector<MemcachedPeer> servers_;  // In the order of the pool.
  ThrowAwayKeys names_;
  std::vector<ServerTally> tallies_;
  std::vector<Stray> strays_;
  std::uint32_t keys_ = 0;
  std::uint32_t found_ = 0;
};

}  // namespace ringway::cli
