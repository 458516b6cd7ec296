// What a fake server says that is not true: about one reply, now and then. The
// router must give up the connection where it can know, and hand nobody a value that
// belongs to another key in any case.
#include <algorithm>

#include "sim/fake_server.h"

namespace ringway::sim {
namespace {

constexpr Bytes garbage[] = {
    "\r\n",        "rubbish\r\n",
    "VALUE\r\n",   "VALUE a 0 x\r\n",
    "VA\r\n",      "VA -1\r\n",
    "END \r\n",    "\x80\x00\xff\r\n",
    "stored\r\n",  "HDk\r\n",
    "STORED\n",    "-5\r\n",
    "EN \x01\r\n", "VALUE a 0 99999999999999999999\r\n",
};

constexpr Bytes unasked[] = {
    "STORED\r\n",
    "NOT_STORED\r\n",
    "END\r\n",
    "DELETED\r\n",
    "NOT_FOUND\r\n",
    "EXISTS\r\n",
    "TOUCHED\r\n",
    "OK\r\n",
    "MN\r\n",
    "EN\r\n",
    "NF\r\n",
    "NS\r\n",
    "EX\r\n",
    "HD\r\n",
    "HD Onobody\r\n",
    "1234567890\r\n",
    "SERVER_ERROR busy\r\n",
    "VERSION 1\r\n",
    "ERROR Too many open connections\r\n",
    "VALUE nobody 0 1\r\nx\r\nEND\r\n",
};

constexpr Bytes refusals[] = {
    "SERVER_ERROR out of memory storing object\r\n",
    "ERROR\r\n",
    "CLIENT_ERROR bad data chunk\r\n",
};

}  // namespace

void FakeServer::lied() {
  world_.trace().note(world_.now(), "lied", number_);
  model_.distrust(number_);
  model_.excuse(number_, world_.now() + grace_);
}

// Instead of doing what was asked.
bool FakeServer::refuse(std::string& out) {
  if (!chance_.with(world_.faults().server_refuse)) return false;
  lied();
  out += refusals[chance_.below(std::size(refusals))];
  return true;
}

// Before the value of a request is there: the rest of it is swallowed, or else read as what
// comes next. Then nobody knows what later replies are for, and only what is in the error's
// place may be told: this is no lie.
std::size_t FakeServer::refuse_early(Conn& conn, const WireRequest& request, std::size_t arrived) {
  if (chance_.with(world_.faults().server_misread)) {
    const bool meta = request.verb() == "ms";
    const bool encoded = meta && std::ranges::count(request.words, Bytes("b")) > 0;
    const KeyIndex key =
        encoded ? model_.index_of_encoded(request.word(1)) : model_.index_of(request.word(1));
    world_.trace().note(world_.now(), "misreads", number_, key);
    model_.complain(owned(key));
    model_.excuse(number_, world_.now() + grace_);
    ++model_.tally.complaints;
    ++model_.tally.executed;
    conn.misreads = true;
    conn.output += chance_.one_in(2) ? refusals[1] : refusals[2];
    return request.size;
  }
  if (!chance_.with(world_.faults().server_early)) return 0;
  lied();
  conn.output += refusals[0];
  conn.swallow = request.wanted;
  RINGWAY_ASSERT(arrived < request.wanted);
  return 0;
}

// The right reply stands at `reply_at`.
void FakeServer::lie(const WireRequest& request, Conn& conn, std::size_t reply_at) {
  const Faults& faults = world_.faults();
  std::string& out = conn.output;
  std::string reply = out.substr(reply_at);
  const bool before = chance_.one_in(2);
  if (chance_.with(faults.server_garbage)) {
    out.insert(before ? reply_at : out.size(), garbage[chance_.below(std::size(garbage))]);
  } else if (chance_.with(faults.server_foreign) && name_another(request, reply)) {
    out.replace(reply_at, Bytes::npos, reply);
  } else if (chance_.with(faults.server_duplicate)) {
    out += reply;
  } else if (chance_.with(faults.server_insert)) {
    out.insert(before ? reply_at : out.size(), unasked[chance_.below(std::size(unasked))]);
  } else if (chance_.with(faults.server_truncate)) {
    out.resize(reply_at + chance_.below(reply.size()));
    conn.closing = true;
  } else if (chance_.with(faults.server_half_close)) {
    conn.falls_silent = true;
  } else {
    return;
  }
  lied();
}

// False if the reply names nothing.
bool FakeServer::name_another(const WireRequest& request, std::string& reply) {
  const Key& other = model_.key(static_cast<KeyIndex>(chance_.below(model_.keys())));
  const Bytes verb = request.verb();
  if (verb == "me") {
    reply = "ME " + other.text + " exp=-1\r\n";
    return other.text != request.word(1) && other.encoded != request.word(1);
  }
  if (verb.starts_with("g")) {
    if (std::ranges::find(request.words, Bytes(other.text)) != request.words.end()) return false;
    reply = "VALUE " + other.text + " 0 1\r\n" + std::string(foreign_value) + "\r\nEND\r\n";
    return true;
  }
  const bool meta = verb.size() == 2;
  for (std::size_t i = 2; meta && i < request.words.size(); ++i) {
    const bool opaque = request.words[i][0] == 'O';
    const bool key = request.words[i] == "k" && other.text != request.word(1) &&
                     other.encoded != request.word(1);
    if (!opaque && !key) continue;
    reply = verb == "mg" ? "VA 1" : verb == "ms" ? "HD" : "NF";
    reply += opaque ? " Oanother" : " k" + other.text;
    reply += verb == "mg" ? "\r\nx\r\n" : "\r\n";
    return true;
  }
  return false;
}

}  // namespace ringway::sim
