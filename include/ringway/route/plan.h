// What a route decides: a tree over servers, its leaves asks. A plan is data and points at nothing:
// Progress carries it out, `ringway explain` prints it, tests compare it with tables.
//
//   read of two copies       try_{P, [failures|miss] O}
//   set, two of three        all(2){P, O, Q}
//   add, then the copies     then{P, [good] all(1){O store, Q store}}
//   a mirror                 all{P, tell{M}}
//
// Parents stand before their children, children in the order in which they are meant.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "ringway/base/assert.h"
#include "ringway/proto/outcome.h"

namespace ringway::pool {
enum class ServerId : std::uint32_t;
}  // namespace ringway::pool

namespace ringway::route {

using proto::Outcome;
using proto::Outcomes;

// In each of them a child begins only if its gate allows it when its turn comes; else it is
// passed over.
enum class Verb : std::uint8_t {
  ask,   // A leaf: one server.
  try_,  // One child after the other, as long as a gate allows the next.
  all,   // All children at once; `need` good ones make a good one.
  then,  // One child after the other; combined as all children of `all`.
  tell,  // All children at once, and nobody waits for them: they change nothing.
};

// What a leaf's server is sent, seen from what the client asked.
enum class Form : std::uint8_t {
  as_asked,
  remove,  // A delete of the key.
  store,   // A set of the value that came with the request.
  touch,   // A touch of the key, with the time that was asked.
  count,   // As asked, and the number is to come back, to be compared with the primary's: where
           // it differs, the outcome is `declined`.
};

// How outcomes of children make one; of equal ones the first. `out` only if all are, else `failed`.
enum class Rule : std::uint8_t {
  reads,    // try_: the best, a hit before a miss before any error. all, then: the worst.
  changes,  // try_: the last that was asked. all, then: the worst.
  removes,  // As `changes`, but it was there (good) outweighs it was not (miss).
};

struct Part {
  static constexpr std::uint8_t none = 0xff;
  static constexpr std::uint8_t every = 0xff;

  Verb verb = Verb::ask;
  Form form = Form::as_asked;
  // It begins only if what came so far of the children before it is in the gate, which is open
  // while nothing has come; and only if what came of `of` is in `when`.
  Outcomes gate = proto::any_outcome;
  Outcomes when = proto::any_outcome;
  std::uint8_t of = none;      // A part that is over by then; not for Rule::reads.
  std::uint8_t need = every;   // Of `all`. 0: waited for, and whatever comes of it changes nothing.
  std::uint8_t parent = none;  // Set by Plan, as are these:
  std::uint8_t first = none;   // Its first child.
  std::uint8_t next = none;    // The next child of its parent.
  bool marked = false;         // A copy that is not the primary: its tokens are told apart.
  bool stand_in = false;       // `server` is not `home`: it serves the key meanwhile.
  pool::ServerId server{};
  pool::ServerId home{};     // Where the key belongs.
  std::uint32_t pool = 0;    // Its number, in the snapshot that the plan was made from;
  std::uint32_t member = 0;  // the server's index in it. Neither is for later than this turn.
};

class Plan {
 public:
  static constexpr std::uint8_t parts_max = 48;
  static constexpr std::uint8_t asks_max = 16;

  void clear() {
    size_ = 0;
    open_ = Part::none;
    rule = Rule::reads;
  }

  // Both give the part's index. What is added until close() are children of what was opened.
  std::uint8_t ask(const Part& leaf) {
    RINGWAY_ASSERT(leaf.verb == Verb::ask);
    if (size_ > 0) [[unlikely]]
      return add(leaf);
    parts_[0] = leaf;  // Told apart so that the plain case is a few stores.
    return size_++;
  }
  std::uint8_t open(const Part& part);
  void close();

  bool empty() const { return size_ == 0; }
  std::uint8_t size() const { return size_; }
  // The plain case, one ask and nothing else: what the fast path takes.
  bool single() const { return size_ == 1; }
  const Part& leaf() const {
    RINGWAY_ASSERT(single());
    return parts_[0];
  }
  const Part& operator[](std::uint8_t index) const {
    RINGWAY_ASSERT(index < size_);
    return parts_[index];
  }
  std::span<const Part> parts() const { return {parts_.data(), size_}; }

  // Asserts that it is whole, and that what refers to other parts may do so.
  void invariants() const;

  Rule rule = Rule::reads;  // Of the request, so of the whole plan.

 private:
  std::uint8_t add(const Part& part) {
    RINGWAY_ASSERT(size_ < parts_max);
    parts_[size_] = part;
    link();
    return size_++;
  }
  void link();
  void part_invariants(std::uint8_t index) const;
  void gate_invariants(std::uint8_t index) const;

  std::uint8_t size_ = 0;
  std::uint8_t open_ = Part::none;  // The innermost one that is still open.
  std::array<Part, parts_max> parts_;
};

std::string_view word(Verb verb);
std::string_view word(Form form);

}  // namespace ringway::route
