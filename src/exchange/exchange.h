// An exchange is one request of a client from parsed to replied; its fragments
// are what servers are asked for. Two lines keep everything paired: a client's
// line holds its exchanges in the order of the questions, a server connection's
// FIFO holds the fragments in the order they were written to it.
//
//   client A's line    [ A1 get k1 ]--[ A2 get k2 k3 ]--[ A3 set k1 ]     replies leave
//                           |            |        |           |           from the left
//                           |          k2|      k3|           |
//   server 1's FIFO    [   A1   ]--[  A2.k2  ]----|------[   A3   ]       replies arrive
//   server 2's FIFO    [   B7   ]------------[  A2.k3  ]                  from the left
//                                                                         too
//   A reply from server 2 for A2.k3 waits in its fragment until k2 is there; A3's
//   waits until A2 has left. B's client is gone: B7 is an orphan, its reply is
//   read and dropped.
//
// An exchange is freed at the end of the turn in which it was answered (or orphaned) and the last
// of its fragments left its FIFO. It never points into a snapshot.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "ringway/base/time.h"
#include "ringway/pool/pool.h"
#include "ringway/proto/reply.h"
#include "ringway/proto/request.h"

#include "net/buffer.h"
#include "net/list.h"

namespace ringway::proxy {

struct ClientConn;
struct ServerConn;
struct Exchange;
struct Gather;

enum class FragmentState : std::uint8_t {
  idle,     // In no FIFO.
  held,     // Waits for room in its server's queue.
  asked,    // In a FIFO: queued or in flight.
  settled,  // Answered, failed or expired (then it may still be in a FIFO: a tombstone).
};

// Once so many connections ended when a request was next, it is not asked again.
inline constexpr std::uint8_t ended_on_max = 2;

struct Fragment {
  Exchange* exchange = nullptr;
  Fragment* fifo_next = nullptr;
  Fragment* sibling = nullptr;      // The next fragment of the same gather.
  ServerConn* conn = nullptr;       // In whose FIFO it is; null outside.
  net::Link wait_link;              // held: in the list of its server.
  Instant queued_at{};              // When it joined its FIFO,
  std::uint32_t queued_behind = 0;  // and how many stood before it then.
  std::uint64_t request_end = 0;    // Where its request ends in the connection's stream.
  std::uint32_t request_bytes = 0;
  pool::ServerId server{};
  std::uint16_t lane = 0;  // Which of the server's connections.
  FragmentState state = FragmentState::idle;
  bool begun = false;            // A piece of its reply arrived.
  bool stand_in = false;         // Its server serves keys whose home is out.
  bool late = false;             // Its time was over: its reply, if one comes, is nobody's.
  bool withdrawn = false;        // Leaves its FIFO at the end of the turn, unsent.
  bool never_offered = false;    // Its connection ended before the kernel got a byte of it.
  bool owes = false;             // Late: a good answer says that it was carried out. If it is
                                 // refused or never answered its key is owed.
  bool pays = false;             // Its key was owed, and is off the board for its sake: a good
                                 // answer settles that; without one its key is owed again.
  bool overtaken = false;        // Its key may have been changed elsewhere meanwhile: whatever
                                 // it has stored is deleted.
  bool unable = false;           // Its server, a ringway, answered that it could not do it.
  std::uint8_t retries = 0;      // So often it was asked again.
  std::uint8_t ended_on = 0;     // So many connections in a row ended when it was next.
  std::uint16_t slot = 0;        // Gather: the next of its keys that may be answered.
  std::uint16_t keys_bytes = 0;  // Gather: of all its keys, with a space each.
  std::uint64_t announced = 0;   // Bytes of a value for its client that are still to come.
  net::Buffer stash;             // What arrived and cannot leave yet.
};

// What is kept of a request until its reply came: most are short enough to stand in place. No
// longer than a line.
template <std::size_t short_max>
class Kept {
 public:
  Kept() : short_{} {}
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() { RINGWAY_ASSERT(size_ == 0); }

  void set(net::BufferPool& pool, Bytes bytes) {
    RINGWAY_ASSERT(size_ == 0);
    RINGWAY_ASSERT(bytes.size() <= UINT16_MAX);
    if (bytes.empty()) return;
    if (bytes.size() <= short_max) {
      std::memcpy(short_, bytes.data(), bytes.size());
    } else {
      std::construct_at(&long_)->append(pool, bytes);
    }
    size_ = static_cast<std::uint16_t>(bytes.size());
  }
  Bytes get() const { return size_ <= short_max ? Bytes{short_, size_} : long_.bytes(); }
  void clear(net::BufferPool& pool) {
    if (size_ > short_max) {
      long_.clear(pool);
      std::destroy_at(&long_);
    }
    size_ = 0;
  }

 private:
  union {
    char short_[short_max];
    net::Buffer long_;
  };
  std::uint16_t size_ = 0;
};
using KeptKey = Kept<40>;
using KeptMemo = Kept<24>;

struct Exchange {
  ClientConn* client = nullptr;  // Null: orphaned.
  Exchange* line_next = nullptr;
  net::Link deadline_link;
  Instant deadline = never;
  proto::CommandId command;
  proto::Effect effect = proto::Effect::reads;
  proto::IfLost if_lost = proto::IfLost::nothing;
  bool settled = false;               // The whole reply is known.
  bool answered = false;              // It left the client's line.
  bool over = false;                  // Nobody will ask for it any more: freed with the turn.
  bool silent = false;                // noreply: nothing of it is told.
  bool misses_errors = false;         // on_read_error = "miss", and it is a read.
  bool fails_unstored = false;        // on_write_error = "not_stored", and it is a write.
  bool large = false;                 // Its value is passed on before it is whole.
  bool reply_hidden = false;          // The part that is arriving is not told.
  bool direct = false;                // Its reply goes straight into the client's output.
  bool streaming = false;             // Part of it was sent already: it cannot become an error.
  bool expired = false;               // Its deadline passed: no more is asked for it.
  bool internal = false;              // A check or an owed delete: no client asked.
  bool check = false;                 // Which of them.
  bool refused = false;               // By its reply, what it was to replace may still be there.
  bool may_wait = false;              // Its request is in the input, where it can wait.
  bool pays_for_traffic = false;      // An owed delete that goes out with a request for its key.
  bool retry_safe = false;            // A read that may be asked twice.
  std::uint32_t fragments_asked = 0;  // Fragments in a FIFO.
  std::uint64_t stashed = 0;          // Bytes that wait in its stashes, keys included.
  std::uint32_t keys_asked = 0;       // Its part of its client's.
  Gather* gather = nullptr;           // Reads of several keys.
  KeptKey key;                        // Of single-key requests, as it was written.
  KeptMemo memo;                      // What the protocol wants to know again: Request::memo.
  Fragment first;                     // The fragment of single-key requests; its stash also
                                      // holds what ringway itself answers.

  proto::Asked asked() const { return {command, gather != nullptr, key.get(), memo.get()}; }
};
// One is opened for each request: what it does not have need not be brought into the cache.
static_assert(sizeof(Exchange) <= 304);

}  // namespace ringway::proxy
