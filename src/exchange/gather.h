// The reply to a read of several keys while it comes together. Keys are asked in
// groups of at most keys_per_ask, batched per server: one line each, but for a gat or gats
// of more keys than a server reads in one line. Each key of the group has a slot. Values
// leave in the order asked, straight to the client where possible.
//
//   keys   k1 k2 k3 k4 | k5 k6 ...        not asked yet: from `unasked`
//   slots  [1] [2] [3] [4]                next_slot: the first that has not left
//            \   |   |  /
//   fragments  server 1: slots 1,3        each a chain through Slot::next
//              server 2: slots 2,4
#pragma once

#include <array>
#include <cstdint>

#include "exchange/exchange.h"
#include "net/buffer.h"

namespace ringway::proxy {

inline constexpr std::uint32_t slots_max = 64;
inline constexpr std::uint16_t no_slot = 0xffff;

enum class SlotState : std::uint8_t {
  asked,    // Its server has not come to it yet.
  missed,   // Answered: no such key.
  stashed,  // Its VALUE block waits in the fragment's stash.
  leaving,  // Its VALUE block goes into the client's output as it arrives.
  left,     // Gone to the client.
  failed,
};

struct Slot {
  std::uint32_t key_offset;  // Into Gather::keys.
  std::uint8_t key_bytes;
  SlotState state;
  std::uint16_t next;  // The next key of the same fragment.
  Fragment* fragment;
  std::uint32_t block_offset;  // stashed: into the fragment's stash.
  std::uint32_t block_bytes;
};

struct Gather {
  net::Buffer keys;           // Copy of the request's keys.
  std::uint32_t unasked = 0;  // Offset of the first key that was not asked yet.
  std::uint32_t slot_count = 0;
  std::uint32_t next_slot = 0;
  Fragment* fragments = nullptr;      // Of the present group.
  net::Buffer error;                  // The first failure, as the client will be told.
  std::array<Slot, slots_max> slots;  // Many, so only those that are used are initialised.

  Bytes key(const Slot& slot) const { return keys.bytes(slot.key_offset, slot.key_bytes); }
  bool all_asked() const { return unasked >= keys.size(); }
  // What left has left, and at most the next one is leaving.
  void check_invariants() const {
    RINGWAY_ASSERT(next_slot <= slot_count && slot_count <= slots_max && unasked <= keys.size());
    for (std::uint32_t i = 0; i < slot_count; ++i) {
      const SlotState state = slots[i].state;
      const bool open = state == SlotState::asked || state == SlotState::stashed;
      RINGWAY_ASSERT((i >= next_slot || (!open && state != SlotState::leaving)) &&
                     "what stands behind an open slot waits");
      RINGWAY_ASSERT(
          (i <= next_slot || (state != SlotState::leaving && state != SlotState::left)) &&
          "values leave in the order asked");
    }
  }
  // No fragment of the present group is asked or waits to be.
  bool group_settled() const {
    for (const Fragment* fragment = fragments; fragment; fragment = fragment->sibling) {
      const bool open =
          fragment->state == FragmentState::asked || fragment->state == FragmentState::held;
      if (open) return false;
    }
    return true;
  }
};

}  // namespace ringway::proxy
