// See feeder.h.
#include "feeder.h"

#include <algorithm>
#include <memory>

#include "ringway/base/assert.h"

namespace ringway::proto::memcached {
namespace {

// Bytes with nothing readable behind them.
class ExactCopy {
 public:
  explicit ExactCopy(Bytes bytes) : size_(bytes.size()), copy_(new char[bytes.size()]) {
    std::copy(bytes.begin(), bytes.end(), copy_.get());
  }
  Bytes bytes() const { return Bytes(copy_.get(), size_); }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> copy_;
};

template <typename Integer>
void tell(std::string& out, const char* name, Integer number) {
  if (number != 0) out.append(" ").append(name).append("=").append(std::to_string(number));
}

void tell(std::string& out, const char* name, Bytes bytes) {
  if (!bytes.empty()) out.append(" ").append(name).append("=").append(bytes);
}

void tell(std::string& out, const char* name, bool fact) {
  if (fact) out.append(" ").append(name);
}

// Drops what is still owed of a payload; true if there may be more to parse.
bool drop(std::string& input, std::uint64_t& owed) {
  const std::uint64_t dropped = std::min<std::uint64_t>(owed, input.size());
  input.erase(0, dropped);
  owed -= dropped;
  return owed == 0 && !input.empty();
}

}  // namespace

std::string text(const Request& request) {
  std::string out(row(request.command).name);
  if (request.key_count <= 1) tell(out, "key", request.key);
  Bytes rest = request.keys;
  for (Bytes key; request.key_count > 1 && next_key(rest, key);) tell(out, "key", key);
  tell(out, "flags", request.flags);
  tell(out, "exptime", request.exptime);
  tell(out, "cas", request.cas);
  tell(out, "delta", request.delta);
  tell(out, "cas_given", request.cas_given);
  tell(out, "base64", request.base64);
  tell(out, "wants_value", request.wants_value);
  tell(out, "wants_key", request.wants_key);
  tell(out, "once", !request.retry_safe);
  tell(out, "opaque", request.opaque);
  tell(out, "quiet", request.quiet);
  tell(out, "noreply", request.noreply);
  tell(out, "argument", request.argument);
  if (row(request.command).meta) tell(out, "tokens", request.memo);
  if (row(request.command).payload) out.append(" value=").append(request.value);
  return out;
}

void RequestFeeder::feed(Bytes piece) {
  input_.append(piece);
  while (!ended_ && drop(input_, swallow_) && parse_once()) continue;
}

bool RequestFeeder::parse_once() {
  if (input_.size() < needed_) return false;
  const ExactCopy input(input_);
  ParsedRequest parsed;
  parsed.scanned = scanned_;
  parse_request(input.bytes(), limits_, parsed);
  RINGWAY_ASSERT(parsed.consumed <= input_.size());
  RINGWAY_ASSERT(parsed.scanned <= input_.size());
  on_parsed(parsed);
  scanned_ = parsed.scanned;
  needed_ = parsed.needed;
  if (parsed.status == RequestStatus::incomplete) {
    RINGWAY_ASSERT(parsed.consumed == 0);
    RINGWAY_ASSERT(needed_ == 0 || needed_ > input_.size());
    return false;
  }
  RINGWAY_ASSERT(parsed.consumed > 0);
  input_.erase(0, parsed.consumed);
  swallow_ = parsed.swallow;
  return true;
}

void RequestFeeder::on_parsed(const ParsedRequest& parsed) {
  std::string event;
  switch (parsed.status) {
    case RequestStatus::incomplete: return;
    case RequestStatus::complete: event = text(parsed.request); break;
    case RequestStatus::rejected: event = "rejected: "; break;
    case RequestStatus::refused: event = "refused: "; break;
    case RequestStatus::closed: event = "closed"; break;
  }
  event.append(parsed.error);
  tell(event, "swallow", parsed.swallow);
  tell(event, "unlink", parsed.unlink_key);
  events_.push_back(event);
  ended_ = parsed.status == RequestStatus::refused || parsed.status == RequestStatus::closed;
}

void ReplyFeeder::feed(Bytes piece) {
  input_.append(piece);
  while (!ended_ && drop(input_, skip_) && parse_once()) continue;
}

bool ReplyFeeder::parse_once() {
  const ExactCopy input(input_);
  ReplyLine line;
  const LineStatus status = parse_reply_line(input.bytes(), line);
  if (status == LineStatus::incomplete) return false;
  ended_ = status == LineStatus::malformed;
  if (ended_) {
    events_.emplace_back("malformed");
    return false;
  }
  RINGWAY_ASSERT(line.consumed > 0 && line.consumed <= input_.size());
  std::string event = std::to_string(static_cast<int>(line.kind));
  tell(event, "line", line.line);
  tell(event, "key", line.key);
  tell(event, "opaque", line.opaque);
  tell(event, "base64", line.base64);
  tell(event, "bytes", line.bytes);
  tell(event, "cas", line.cas);
  tell(event, "text", line.text);
  events_.push_back(event);
  const bool body = line.kind == ReplyKind::value || line.kind == ReplyKind::va;
  skip_ = body ? line.bytes + 2 : 0;
  input_.erase(0, line.consumed);
  return true;
}

std::string answers_to(Bytes input, RequestLimits limits) {
  RequestFeeder feeder(limits);
  feeder.feed(input);
  std::string out;
  for (const std::string& event : feeder.events()) {
    constexpr Bytes rejected = "rejected: ";
    const bool complete = !event.starts_with(rejected) && event != "closed";
    const std::string error = complete ? "" : event.substr(std::min(event.size(), rejected.size()));
    const std::string shown = error.substr(0, error.find(" swallow="));
    if (complete)
      out.append("<" + event + ">");
    else if (event == "closed")
      out.append("CLOSED");
    else if (!shown.empty())
      out.append(shown + "\r\n");
  }
  return out;
}

}  // namespace ringway::proto::memcached
