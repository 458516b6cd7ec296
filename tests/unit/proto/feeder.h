// Feeds a stream of requests (or of reply lines) to the parser in pieces, as a
// connection would, and tells what came out as lines of text. Each parse sees a
// copy of exactly the bytes at hand, so that a sanitizer catches any read beyond.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {

using Events = std::vector<std::string>;

// Every field of a request, for comparison: "set key=a flags=1 value=hi".
std::string text(const Request& request);

class RequestFeeder {
 public:
  explicit RequestFeeder(RequestLimits limits = {}) : limits_(limits) {}

  void feed(Bytes piece);
  bool ended() const { return ended_; }  // Refused or closed: nothing more is read.
  const Events& events() const { return events_; }

 private:
  bool parse_once();
  void on_parsed(const ParsedRequest& parsed);

  RequestLimits limits_;
  std::string input_;
  std::uint64_t swallow_ = 0;
  std::size_t scanned_ = 0;
  std::size_t needed_ = 0;
  bool ended_ = false;
  Events events_;
};

// The same for replies; a body is skipped by its announced size.
class ReplyFeeder {
 public:
  void feed(Bytes piece);
  bool ended() const { return ended_; }
  const Events& events() const { return events_; }

 private:
  bool parse_once();

  std::string input_;
  std::uint64_t skip_ = 0;
  bool ended_ = false;
  Events events_;
};

// All of `input` in pieces of `piece_bytes`.
template <typename Feeder>
Events events_in_pieces(Feeder feeder, Bytes input, std::size_t piece_bytes) {
  for (; !input.empty(); input.remove_prefix(std::min(piece_bytes, input.size()))) {
    feeder.feed(input.substr(0, piece_bytes));
  }
  return feeder.events();
}

// What a lone client would be answered if every valid request were answered by its
// event in angle brackets: the error replies are exact.
std::string answers_to(Bytes input, RequestLimits limits = {});

}  // namespace ringway::proto::memcached
