// Where servers are: numeric addresses are known at once, names are asked for, and the
// answers go to the board. Asking is the world's business: it may take seconds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "reload/world.h"
#include "worker/crew.h"

namespace ringway::reload {

class Names {
 public:
  // Names that did not resolve are asked for again this often.
  static constexpr Duration ask_again = std::chrono::seconds(1);
  // While an answer is on its way it is looked for this often.
  static constexpr Duration look_again = std::chrono::milliseconds(50);

  Names(worker::Crew& crew, World& world) : crew_(crew), board_(crew.board), world_(world) {}

  // All servers of a snapshot.
  void locate(const snapshot::Snapshot& snapshot);
  // Takes the answers that are there; call it again at next().
  void step();
  Instant next() const;

 private:
  void take_answers();
  void set_unresolvable(pool::ServerId server, bool so);
  void ask_for_the_rest();

  worker::Crew& crew_;
  proxy::Board& board_;
  World& world_;
  std::vector<std::pair<pool::ServerId, std::string>> unresolved_;
  Instant ask_at_ = never;
};

}  // namespace ringway::reload
