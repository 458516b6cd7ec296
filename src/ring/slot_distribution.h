// What `modula` and `random` have in common: a row of slots, each server having one
// or as many as its weight, and value % slots says whose key it is. If that server is
// out, the value is mixed again up to `tries_max` times: a fixed sequence of slots per
// key, so a server that goes out hands on its own keys and no other moves.
#pragma once

#include <vector>

#include "ringway/ring/distribution.h"

#include "ring/last_resort.h"

namespace ringway::ring {

class SlotDistribution final : public Distribution {
 public:
  struct Kind {
    std::string_view name;
    bool weighted;  // A slot per unit of weight, or one per server.
    bool wide;      // Which width of the hash is the value.
  };

  static constexpr std::uint32_t tries_max = 16;
  static constexpr std::uint64_t listed_slots_max = 1 << 16;

  SlotDistribution(Kind kind, std::span<const Member> members);

  std::string_view name() const override { return kind_.name; }
  bool wants_chance() const override { return kind_.wide; }
  std::uint32_t servers() const override { return static_cast<std::uint32_t>(points_.size()); }
  std::optional<std::uint32_t> pick(KeyHash hash, const LiveSet& live) const override;
  std::optional<Trace> trace(KeyHash hash, const LiveSet& live) const override;
  std::uint32_t points(std::uint32_t server) const override { return points_[server]; }

 private:
  struct Choice {
    std::uint64_t slot;
    std::uint32_t server;
  };

  std::uint64_t value(KeyHash hash) const { return kind_.wide ? hash.wide : hash.narrow; }
  Choice choice(std::uint64_t value) const;
  std::optional<Choice> live_choice(std::uint64_t value, Choice home, const LiveSet& live) const;

  Kind kind_;
  LastResort last_resort_;
  std::vector<std::uint32_t> order_;   // Servers in twemproxy's order of names.
  std::vector<std::uint64_t> ends_;    // Of each in that order: one past its last slot.
  std::vector<std::uint32_t> points_;  // Slots per server.
  std::vector<std::uint32_t> listed_;  // Server per slot, if there are few enough.
};

}  // namespace ringway::ring
