// Building a tree of more than one part, and what must hold of it. A plan of one ask needs none of
// this: see plan.h.
#include "ringway/route/plan.h"

#include <algorithm>

namespace ringway::route {

std::uint8_t Plan::open(const Part& part) {
  RINGWAY_ASSERT(part.verb != Verb::ask);
  open_ = add(part);
  return open_;
}

void Plan::close() {
  RINGWAY_ASSERT(open_ != Part::none && "nothing is open");
  RINGWAY_ASSERT(parts_[open_].first != Part::none && "a part without children");
  open_ = parts_[open_].parent;
}

// The part that is being added, behind the children that its parent has.
void Plan::link() {
  if (size_ == 0) return;
  RINGWAY_ASSERT(open_ != Part::none && "a plan has one root");
  parts_[size_].parent = open_;
  std::uint8_t* last = &parts_[open_].first;
  while (*last != Part::none) last = &parts_[*last].next;
  *last = size_;
}

void Plan::invariants() const {
  RINGWAY_ASSERT(size_ > 0 && size_ <= parts_max);
  RINGWAY_ASSERT(open_ == Part::none && "something is still open");
  for (std::uint8_t i = 0; i < size_; ++i) part_invariants(i);
  RINGWAY_ASSERT(std::ranges::count(parts(), Verb::ask, &Part::verb) <= asks_max);
}

void Plan::part_invariants(std::uint8_t index) const {
  const Part& part = parts_[index];
  RINGWAY_ASSERT((part.parent == Part::none) == (index == 0));
  RINGWAY_ASSERT(index == 0 || part.parent < index);
  RINGWAY_ASSERT((part.first == Part::none) == (part.verb == Verb::ask));
  RINGWAY_ASSERT(part.verb == Verb::all || part.need == Part::every);
  std::uint8_t children = 0;
  for (std::uint8_t child = part.first; child != Part::none; child = parts_[child].next) {
    RINGWAY_ASSERT(child > index && child < size_ && parts_[child].parent == index);
    RINGWAY_ASSERT(parts_[child].next == Part::none || parts_[child].next > child);
    ++children;
  }
  RINGWAY_ASSERT(part.need == Part::every || part.need <= children);
  if (part.of != Part::none) gate_invariants(index);
}

// What a gate looks at is over when it is looked at: it stands in an earlier child of a part
// whose children take turns, and somebody waited for it.
void Plan::gate_invariants(std::uint8_t index) const {
  const std::uint8_t of = parts_[index].of;
  RINGWAY_ASSERT(of > 0 && of < index && rule != Rule::reads);
  std::uint8_t mine = index;
  std::uint8_t its = of;
  while (parts_[mine].parent != parts_[its].parent) {
    if (parts_[mine].parent > parts_[its].parent) {
      mine = parts_[mine].parent;
    } else {
      RINGWAY_ASSERT(parts_[its].verb != Verb::tell);
      its = parts_[its].parent;
    }
    RINGWAY_ASSERT(mine != its && "a gate looks at a part that it stands in");
  }
  RINGWAY_ASSERT(parts_[its].verb != Verb::tell);
  const Verb verb = parts_[parts_[mine].parent].verb;
  RINGWAY_ASSERT(verb == Verb::try_ || verb == Verb::then);
}

std::string_view word(Verb verb) {
  switch (verb) {
    case Verb::ask: return "ask";
    case Verb::try_: return "try";
    case Verb::all: return "all";
    case Verb::then: return "then";
    case Verb::tell: return "tell";
  }
  return "";
}

std::string_view word(Form form) {
  switch (form) {
    case Form::as_asked: return "as asked";
    case Form::remove: return "remove";
    case Form::store: return "store";
    case Form::touch: return "touch";
    case Form::count: return "count";
  }
  return "";
}

}  // namespace ringway::route
