// A plan on its way. Told what came of each ask it says whom to ask next, and in the end whose
// reply the client hears. Pure: it knows no server, no clock and no reply.
//
//   begin(plan) ------------> asks          each leaf at most once
//   on_outcome(leaf, ...) --> more asks     until settled(), and what is told beside it is over()
//   on_slow(leaf) ----------> more asks     of a read: the next copy is asked, too
//
// A part is settled once. What comes later for a leaf in it is noted for the leaf alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "ringway/route/plan.h"

namespace ringway::route {

class Progress {
 public:
  // Leaves to ask now, in the order of the plan.
  class Asks {
   public:
    const std::uint8_t* begin() const { return leaves_.data(); }
    const std::uint8_t* end() const { return leaves_.data() + size_; }
    std::uint8_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

   private:
    friend Progress;
    void add(std::uint8_t leaf) {
      RINGWAY_ASSERT(size_ < leaves_.size());
      leaves_[size_++] = leaf;
    }

    std::array<std::uint8_t, Plan::asks_max> leaves_{};
    std::uint8_t size_ = 0;
  };

  // The plan stays where and as it is for as long as this goes on.
  Asks begin(const Plan& plan);
  // Of a leaf that was asked and has had none yet.
  Asks on_outcome(std::uint8_t leaf, Outcome outcome);
  // A leaf of which nothing has come yet takes long: of a read, whoever would be asked if it had
  // expired is asked now. The first hit counts, a miss waits for the other.
  Asks on_slow(std::uint8_t leaf);

  // What the client hears is certain, and told() and outcome() say it.
  bool settled() const { return stages_[0] == Stage::settled; }
  // The leaf whose reply the client hears; Part::none if nobody's.
  std::uint8_t told() const;
  std::optional<Outcome> outcome() const;
  // Nobody is asked any more, either by what is waited for or by what is only told.
  bool over() const { return settled() && asked_ == 0; }
  // What came of a leaf, or of a whole part; nothing if it was not asked or is not over.
  std::optional<Outcome> outcome_of(std::uint8_t part) const;

  // With this outcome of this leaf everything is settled and its reply is the one that is told: it
  // may leave as it arrives.
  bool is_final(std::uint8_t leaf, Outcome outcome) const;

  void invariants() const;

 private:
  enum class Stage : std::uint8_t { waiting, open, settled };
  // What a part has come to; nothing for what is told, passed over, or does not matter.
  struct Heard {
    std::optional<Outcome> outcome;
    std::uint8_t told = Part::none;
  };

  void start(std::uint8_t part, Asks& asks);
  void go_on(std::uint8_t part, Asks& asks);
  void rise(std::uint8_t part, Asks& asks);
  void settle(std::uint8_t part, Heard heard);
  bool allows(std::uint8_t part) const;
  bool is_hit(std::uint8_t part) const;
  bool has_open_child(std::uint8_t part) const;
  bool matters(std::uint8_t leaf) const;
  Heard combined(std::uint8_t part) const;
  bool outweighs(const Part& part, Outcome later, Outcome first) const;

  const Plan* plan_ = nullptr;
  std::uint8_t asked_ = 0;  // Leaves that are open.
  std::array<Stage, Plan::parts_max> stages_{};
  std::array<std::optional<Outcome>, Plan::parts_max> outcomes_;
  std::array<std::uint8_t, Plan::parts_max> told_{};
};

}  // namespace ringway::route
