// What classic commands do at a fake server: one row per command. A command that is
// no row here must never arrive, nor one that asks for silence: then nobody could tell
// which reply is whose.
#include <algorithm>

#include "sim/fail.h"
#include "sim/fake_server.h"

namespace ringway::sim {

void FakeServer::execute(const WireRequest& request, Conn& conn) {
  struct Row {
    Bytes verb;
    void (FakeServer::*run)(const WireRequest&, std::string&);
  };
  static constexpr Row rows[] = {
      {"get", &FakeServer::get},
      {"gets", &FakeServer::get},
      {"gat", &FakeServer::get_touching},
      {"gats", &FakeServer::get_touching},
      {"set", &FakeServer::storage},
      {"add", &FakeServer::storage},
      {"replace", &FakeServer::storage},
      {"append", &FakeServer::storage},
      {"prepend", &FakeServer::storage},
      {"cas", &FakeServer::storage},
      {"delete", &FakeServer::remove},
      {"incr", &FakeServer::arithmetic},
      {"decr", &FakeServer::arithmetic},
      {"touch", &FakeServer::touch},
      {"flush_all", &FakeServer::flush_all},
      {"mg", &FakeServer::meta_get},
      {"ms", &FakeServer::meta_set},
      {"md", &FakeServer::meta_remove},
      {"ma", &FakeServer::meta_arithmetic},
      {"me", &FakeServer::meta_debug},
  };
  static constexpr Bytes unable =
      "SERVER_ERROR ringway: pool central has no server that takes traffic\r\n";
  std::string& out = conn.output;
  if (request.verb() == "version") {
    ++greetings_;
    const bool again = std::exchange(conn.greeted, true);
    SIM_REQUIRE(!again || conn.misreads || was_unable_ || model_.may_check(number_),
                "server %u is checked, although no request should do that", number_);
    if (trouble_ == Trouble::unable)
      out += unable;
    else
      out += is_ringway_ ? "VERSION 1.6.18 ringway-1.0\r\n" : "VERSION 1.6.18\r\n";
    return;
  }
  const auto row = std::ranges::find(rows, request.verb(), &Row::verb);
  if (conn.misreads && row == std::end(rows)) {  // It was a value.
    out += "ERROR\r\n";
    return;
  }
  SIM_REQUIRE(row != std::end(rows), "server %u was sent the command '%.*s'", number_,
              static_cast<int>(request.verb().size()), request.verb().data());
  SIM_REQUIRE(!request.noreply(), "server %u was asked not to answer", number_);
  ++executed_;
  ++model_.tally.executed;
  world_.trace().note(world_.now(), "executed", number_, request.word(1));
  if (trouble_ == Trouble::unable) {
    out += unable;
    return;
  }
  if (refuse(out)) return;
  const std::size_t before = out.size();
  late_ = world_.ended_by_peer(conn.fd) != never;
  (this->*row->run)(request, out);
  lie(request, conn, before);
}

KeyIndex FakeServer::owned(KeyIndex index, bool removing) {
  SIM_REQUIRE(model_.may_serve(index, number_, removing),
              "key %u went to server %u, it belongs to %u", index, number_,
              model_.key(index).owner);
  if (late_) model_.note_late(index);
  return index;
}

KeyIndex FakeServer::owned(Bytes key, bool removing) {
  return owned(model_.index_of(key), removing);
}

FakeServer::Item* FakeServer::find_item(KeyIndex key) {
  const auto item = items_.find(model_.key(key).text);
  return item == items_.end() ? nullptr : &item->second;
}

FakeServer::Item& FakeServer::store(KeyIndex key, std::uint64_t flags, Bytes value) {
  Item& item = items_[model_.key(key).text];
  item = {.value = std::string(value), .flags = flags, .cas = next_cas(key)};
  return item;
}

// Small tokens are made up by clients, who hope that they fit nothing. From 2^54 on nothing tells
// whose they are, but for the mark of a stand-in, as from 2^52 on; the router does not know it any
// more once a reload has removed that server.
void FakeServer::check_cas(KeyIndex key, std::uint64_t cas) const {
  // It may be another server's.
  if (model_.key(key).moved || model_.relocated(number_)) return;
  if (cas >> 52 != 0 && model_.servers_go()) return;
  const std::uint64_t count = cas >> 16;
  if (cas >> 54 != 0 && cas >> 62 != 1) return;
  SIM_REQUIRE(cas < 0x10000 || ((cas & 0xffff) == key && count > cas_first_ && count <= cas_),
              "server %u never gave key %u the cas number %llu", number_, key,
              static_cast<unsigned long long>(cas));
}

// Whoever stands in for the home keeps things no longer than ttl_max. Where a reload moved a
// key it may be either.
bool FakeServer::is_due(KeyIndex key, std::int64_t exptime, std::int64_t seen) const {
  const bool at_home = model_.key(key).owner == number_;
  const bool moved = model_.key(key).moved;
  const auto capped = [&](std::int64_t most) {
    return seen == (exptime == 0 ? most : std::min(exptime, most));
  };
  const bool standing_in = std::ranges::any_of(model_.ttl_max_s(), capped);
  return ((at_home || moved) && seen == exptime) || ((!at_home || moved) && standing_in);
}

void FakeServer::check_exptime(KeyIndex key, Bytes word) const {
  std::int64_t exptime = -1;
  SIM_REQUIRE(to_number(word, exptime) && is_due(key, model_.exptime(key), exptime),
              "server %u: the exptime of key %u is damaged", number_, key);
}

void FakeServer::get(const WireRequest& request, std::string& out) {
  give(request, 1, out);
}

void FakeServer::get_touching(const WireRequest& request, std::string& out) {
  std::int64_t seen = -1;
  const KeyIndex key = model_.index_of(request.word(2));
  SIM_REQUIRE(to_number(request.word(1), seen) && is_due(key, 4242, seen),
              "server %u: a damaged exptime", number_);
  give(request, 2, out);
}

void FakeServer::give(const WireRequest& request, std::size_t first_key, std::string& out) {
  SIM_REQUIRE(request.words.size() > first_key, "server %u was asked for no key", number_);
  for (std::size_t i = first_key; i < request.words.size(); ++i) {
    const Item* item = find_item(owned(request.words[i]));
    if (item == nullptr) continue;
    out += "VALUE ";
    out += request.words[i];
    out += ' ' + std::to_string(item->flags) + ' ' + std::to_string(item->value.size());
    if (request.verb().back() == 's') out += ' ' + std::to_string(item->cas);
    out += "\r\n";
    out += item->value;
    out += "\r\n";
  }
  out += "END\r\n";
}

void FakeServer::storage(const WireRequest& request, std::string& out) {
  const Bytes verb = request.verb();
  const KeyIndex key = owned(request.word(1));
  std::uint64_t flags = 0;
  std::uint64_t cas = 0;
  SIM_REQUIRE(to_number(request.word(2), flags), "server %u: bad flags", number_);
  check_exptime(key, request.word(3));
  model_.execute_write(key, number_, flags, request.value);
  Item* item = find_item(key);
  if (verb == "cas") {
    SIM_REQUIRE(to_number(request.word(5), cas), "server %u: no cas number", number_);
    check_cas(key, cas);
    if (item == nullptr || item->cas != cas) {
      out += item == nullptr ? "NOT_FOUND\r\n" : "EXISTS\r\n";
      return;
    }
  }
  const bool wants_none = verb == "add";
  const bool wants_some = verb == "replace" || verb == "append" || verb == "prepend";
  if (item != nullptr ? wants_none : wants_some) {
    out += "NOT_STORED\r\n";
    return;
  }
  if (verb == "append" || verb == "prepend") {
    item->value.insert(verb == "append" ? item->value.size() : 0, request.value);
    item->cas = next_cas(key);
  } else {
    store(key, flags, request.value);
  }
  out += "STORED\r\n";
}

void FakeServer::remove(const WireRequest& request, std::string& out) {
  const KeyIndex key = owned(request.word(1), true);
  model_.execute_remove(key, number_, world_.now());
  out += items_.erase(model_.key(key).text) > 0 ? "DELETED\r\n" : "NOT_FOUND\r\n";
}

// The error, if it is none that can count; else the item holds the new number.
Bytes FakeServer::count(KeyIndex key, Item& item, Bytes amount_word, bool up) {
  std::uint64_t amount = 0;
  std::uint64_t number = 0;
  SIM_REQUIRE(to_number(amount_word, amount), "server %u: a damaged amount", number_);
  if (!to_number(Bytes(item.value), number))
    return "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
  item.value = std::to_string(up ? number + amount : number - std::min(number, amount));
  item.cas = next_cas(key);
  return {};
}

void FakeServer::arithmetic(const WireRequest& request, std::string& out) {
  const KeyIndex key = owned(request.word(1));
  Item* item = find_item(key);
  if (item == nullptr) {
    out += "NOT_FOUND\r\n";
    return;
  }
  const Bytes error = count(key, *item, request.word(2), request.verb() == "incr");
  out += error.empty() ? Bytes(item->value) : error;
  if (error.empty()) out += "\r\n";
}

void FakeServer::touch(const WireRequest& request, std::string& out) {
  const KeyIndex key = owned(request.word(1));
  check_exptime(key, request.word(2));
  ++model_.tally.touches;
  out += find_item(key) != nullptr ? "TOUCHED\r\n" : "NOT_FOUND\r\n";
}

void FakeServer::flush_all(const WireRequest& request, std::string& out) {
  SIM_REQUIRE(request.words.size() == 1, "server %u: flush_all with words", number_);
  items_.clear();
  model_.wiped(number_, world_.now());
  out += "OK\r\n";
}

}  // namespace ringway::sim
