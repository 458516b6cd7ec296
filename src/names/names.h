// Where servers are: numeric addresses are known at once, names are asked for, again and
// again, and what the answers mean goes to the board and the workers. Asking is the environment's
// business: it may take seconds. A name that several servers have is asked for once.
//
// Asked again: after dns_refresh +-20%; sooner while the answers are failures; and at once
// when a connection to one of its servers could not be made.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "names/name_env.h"
#include "names/name_state.h"
#include "worker/shared.h"

namespace ringway::reload {

class Names {
 public:
  // No name is asked for more often.
  static constexpr Duration ask_pause = std::chrono::seconds(1);
  // While there are names, so often it is looked whether connecting to them fails.
  static constexpr Duration look_again = std::chrono::seconds(1);
  // While an answer is on its way it is looked for this often.
  static constexpr Duration look_for_answer = std::chrono::milliseconds(50);
  static constexpr double jitter = 0.2;

  Names(worker::Shared& shared, NameEnv& env) : shared_(shared), board_(shared.board), env_(env) {}

  // All servers of a snapshot; those that are known already stay as they are.
  void locate(const snapshot::Snapshot& snapshot);
  // Of a configuration that waits for its time: asked for already. locate() goes on from there.
  void expect(const config::Config& config);
  // Whether each of its names has been answered, if only to say that it does not resolve.
  bool located(const snapshot::Snapshot& snapshot) const;
  // Forgets all others.
  void keep_only(const snapshot::Snapshot& snapshot);

  // Takes the answers that are there and asks what is due; call it again at next().
  void step();
  Instant next() const;

 private:
  struct Name {
    std::vector<pool::ServerId> servers;
    NameState state;
    Duration refresh{};
    bool asked = false;     // An answer is on its way.
    bool answered = false;  // Ever.
    Instant asked_at{};
    Instant ask_at{};
  };
  using Entry = std::map<std::string, Name>::value_type;

  void add(Name& name, pool::ServerId server, Duration refresh);
  void take(Entry& entry, const Answer& answer);
  void say(const std::string& name, bool warns, const std::string& what);
  void move(Entry& entry, const net::Address& before);
  void lose(Entry& entry, const net::Address& before, const std::string& why);
  bool doubted(const Name& name) const;
  void place(pool::ServerId server, const net::Address& address);
  Instant off_by_chance(Duration pause);

  worker::Shared& shared_;
  proxy::Board& board_;
  NameEnv& env_;
  std::map<std::string, Name> names_;  // By "host:port".
  log::RateLimit lines_{proxy::BoardEntry::name_lines_per_minute_max};
};

}  // namespace ringway::reload
