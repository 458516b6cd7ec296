// What commands do at a fake server: one row per command. A command that is no row
// here must never arrive.
#include <algorithm>

#include "sim/fail.h"
#include "sim/fake_server.h"

namespace ringway::sim {

void FakeServer::execute(const WireRequest& request, std::string& out) {
  struct Row {
    Bytes verb;
    void (FakeServer::*run)(const WireRequest&, std::string&);
  };
  static constexpr Row rows[] = {
      {"get", &FakeServer::get},
      {"gets", &FakeServer::get},
      {"set", &FakeServer::set},
      {"delete", &FakeServer::remove},
  };
  if (request.verb() == "version") {
    ++greetings_;
    out += "VERSION 1.6.18\r\n";
    return;
  }
  const auto row = std::ranges::find(rows, request.verb(), &Row::verb);
  SIM_REQUIRE(row != std::end(rows), "server %u was sent the command '%.*s'", number_,
              static_cast<int>(request.verb().size()), request.verb().data());
  ++executed_;
  ++model_.tally.executed;
  world_.trace().note(world_.now(), "executed", number_, request.word(1));
  const std::size_t before = out.size();
  (this->*row->run)(request, out);
  if (request.noreply()) out.resize(before);
}

KeyIndex FakeServer::owned(Bytes key) {
  const KeyIndex index = model_.index_of(key);
  SIM_REQUIRE(model_.key(index).owner == number_, "key %u went to server %u, it belongs to %u",
              index, number_, model_.key(index).owner);
  return index;
}

void FakeServer::get(const WireRequest& request, std::string& out) {
  SIM_REQUIRE(request.words.size() > 1, "server %u was asked for no key", number_);
  for (std::size_t i = 1; i < request.words.size(); ++i) {
    owned(request.words[i]);
    const auto item = items_.find(std::string(request.words[i]));
    if (item == items_.end()) continue;
    out += "VALUE ";
    out += request.words[i];
    out +=
        ' ' + std::to_string(item->second.flags) + ' ' + std::to_string(item->second.value.size());
    if (request.verb() == "gets") out += " 1";
    out += "\r\n";
    out += item->second.value;
    out += "\r\n";
  }
  out += "END\r\n";
}

void FakeServer::set(const WireRequest& request, std::string& out) {
  const KeyIndex key = owned(request.word(1));
  std::uint64_t flags = 0;
  SIM_REQUIRE(to_number(request.word(2), flags), "server %u: bad flags", number_);
  model_.check_value(key, flags, request.value);
  items_[model_.key(key).text] = {std::string(request.value), flags};
  out += "STORED\r\n";
}

void FakeServer::remove(const WireRequest& request, std::string& out) {
  const KeyIndex key = owned(request.word(1));
  out += items_.erase(model_.key(key).text) > 0 ? "DELETED\r\n" : "NOT_FOUND\r\n";
}

}  // namespace ringway::sim
