// What a fake client makes of silence. A batch of quiet requests ends with `mn`: what
// said nothing until MN came has gone well, unless there were errors, which do not say
// whose they are. What was asked with noreply before is done by then, too.
#include <algorithm>

#include "sim/fail.h"
#include "sim/fake_client.h"

namespace ringway::sim {

// True if more of the batch is to come.
bool FakeClient::take_quiet(Asked& batch, const WireReply& reply) {
  if (reply.line == "MN") {
    end_batch(batch);
    return false;
  }
  if (reply.line.find("ERROR") != Bytes::npos) {
    take_quiet_error(batch, reply);
    return true;
  }
  const Bytes opaque = reply.token('O');
  while (batch.next_quiet < batch.quiet.size()) {
    Asked& one = batch.quiet[batch.next_quiet++];
    if (opaque != std::to_string(one.opaque)) continue;
    const bool silent_hit = one.kind != Kind::read && reply.word() == "HD";
    if (silent_hit || reply.word() == "EN") unexpected(one, reply);
    judge(one, reply);
    one.told = true;
    return true;
  }
  unexpected(batch, reply);
  return true;
}

void FakeClient::take_quiet_error(Asked& batch, const WireReply& reply) {
  const auto rest = std::ranges::subrange(
      batch.quiet.begin() + static_cast<std::ptrdiff_t>(batch.next_quiet), batch.quiet.end());
  const bool own = reply.line.starts_with("SERVER_ERROR ringway: ");
  const auto forgiven = [&](const Asked& one) { return excused(one) || model_.short_of_memory(); };
  const auto may_fail = [&](const Asked& one) {
    if (no_memory(reply)) return true;
    return excused(one) && (own || complaint(one, reply) || !model_.trusts(one.keys[0]));
  };
  const auto failing = std::ranges::count_if(
      batch.quiet, [&](const Asked& one) { return !one.told && forgiven(one); });
  if (++batch.errors > failing || std::ranges::none_of(rest, may_fail)) unexpected(batch, reply);
  ++model_.tally.errors;
}

void FakeClient::end_batch(Asked& batch) {
  for (Asked& one : batch.noreply) judge_silence(one);
  for (Asked& one : batch.quiet) {
    if (one.told) continue;
    if (batch.errors > 0)
      never_known(one);
    else
      judge_silence(one);
  }
  // For all that is known now, even if judge() fails to see an error in MN.
  batch.expected = "MN";
  batch.kind = Kind::local;
}

// Done, and nothing was said of it: what has only one good end came to that end.
void FakeClient::judge_silence(Asked& asked) {
  const KeyIndex key = asked.keys[0];
  const bool quiet = asked.meta;
  const bool replaces =
      asked.kind == Kind::remove || asked.verb == "set" || asked.verb == "replace";
  if (!quiet && replaces) model_.promise(key, {id_, asked.begun, world_.now()});
  // It may have failed.
  if (!quiet && (excused(asked) || model_.short_of_memory())) return never_known(asked);
  switch (asked.kind) {
    case Kind::read: return missed(asked, 0);
    case Kind::remove:
      model_.end_remove(key, asked.begun, world_.now());
      own_floor_[key] = asked.begun;
      return;
    case Kind::write:
      if (quiet || asked.verb == "set") judge_write(asked, "STORED");
      return;
    case Kind::count:
      if (quiet) model_.acknowledge_write(asked.write, world_.now());
      return;
    default: return;
  }
}

}  // namespace ringway::sim
