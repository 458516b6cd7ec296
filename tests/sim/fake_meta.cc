// What meta commands do at a fake server. Replies give back what flags ask for, in
// the order of the flags, as memcached 1.6.18 does.
#include <utility>

#include "sim/fail.h"
#include "sim/fake_server.h"

namespace ringway::sim {
namespace {

bool has_flag(const WireRequest& request, std::size_t first, char letter) {
  for (std::size_t i = first; i < request.words.size(); ++i)
    if (request.words[i][0] == letter) return true;
  return false;
}

// The argument of a flag; null data if it is not there.
Bytes argument(const WireRequest& request, std::size_t first, char letter) {
  for (std::size_t i = first; i < request.words.size(); ++i)
    if (request.words[i][0] == letter) return request.words[i].substr(1);
  return {};
}

}  // namespace

KeyIndex FakeServer::meta_key(const WireRequest& request, bool removing) {
  const std::size_t first = request.verb() == "ms" ? 3 : 2;
  SIM_REQUIRE(!has_flag(request, first, 'q'), "server %u was asked to be quiet", number_);
  if (!has_flag(request, first, 'b')) return owned(request.word(1), removing);
  return owned(model_.index_of_encoded(request.word(1)), removing);
}

// Without an item: what a reply that found none gives back.
void FakeServer::meta_flags(const WireRequest& request, std::size_t first, const Item* item,
                            std::string& out) const {
  const bool encoded = item != nullptr ? item->encoded : has_flag(request, first, 'b');
  for (std::size_t i = first; i < request.words.size(); ++i) {
    const Bytes token = request.words[i];
    switch (token[0]) {
      case 'O': out.append(" ").append(token); break;
      case 'k': {
        const bool asked_encoded = has_flag(request, first, 'b');
        const KeyIndex key = asked_encoded ? model_.index_of_encoded(request.word(1))
                                           : model_.index_of(request.word(1));
        out += " k" + (encoded ? model_.key(key).encoded : model_.key(key).text);
        if (encoded) out += " b";
        break;
      }
      case 'f':
        if (item != nullptr) out += " f" + std::to_string(item->flags);
        break;
      case 's':
        if (item != nullptr) out += " s" + std::to_string(item->value.size());
        break;
      case 'c':
        if (item != nullptr) out += " c" + std::to_string(item->cas);
        break;
      case 't':
        if (item != nullptr) out += " t-1";
        break;
      case 'h':
      case 'l':
        if (item != nullptr) out.append(" ").append(token).append("0");
        break;
      default: break;
    }
  }
  out += "\r\n";
}

void FakeServer::meta_get(const WireRequest& request, std::string& out) {
  const KeyIndex key = meta_key(request);
  if (has_flag(request, 2, 'T')) check_exptime(key, argument(request, 2, 'T'));
  Item* item = find_item(key);
  if (item == nullptr && has_flag(request, 2, 'N')) item = &make_empty(request, key);
  const bool value = item != nullptr && has_flag(request, 2, 'v');
  out += item == nullptr ? "EN" : value ? "VA " + std::to_string(item->value.size()) : "HD";
  meta_flags(request, 2, item, out);
  if (item != nullptr && item->stale) {
    out.insert(out.size() - 2, std::exchange(item->won, true) ? " X Z" : " X W");
  }
  if (value) out += item->value + "\r\n";
}

// For whoever is the first to miss it. Only logs are asked for so: they may be empty.
FakeServer::Item& FakeServer::make_empty(const WireRequest& request, KeyIndex key) {
  check_exptime(key, argument(request, 2, 'N'));
  Item& item = store(key, (key * 7919u) & 0xffff, {});
  item.encoded = has_flag(request, 2, 'b');
  item.stale = true;
  return item;
}

void FakeServer::meta_set(const WireRequest& request, std::string& out) {
  const KeyIndex key = meta_key(request);
  const Bytes done = meta_store(request, key);
  out += done;
  if (done != "HD") return meta_flags(request, 3, nullptr, out);
  Item stored = *find_item(key);
  stored.encoded = has_flag(request, 3, 'b');  // Here the key is told as it was asked for.
  meta_flags(request, 3, &stored, out);
}

Bytes FakeServer::meta_store(const WireRequest& request, KeyIndex key) {
  std::uint64_t flags = 0;
  std::uint64_t cas = 0;
  bool older = false;
  Bytes mode = argument(request, 3, 'M');
  if (mode.empty()) mode = "S";
  if (has_flag(request, 3, 'F'))
    SIM_REQUIRE(to_number(argument(request, 3, 'F'), flags), "server %u: bad flags", number_);
  if (has_flag(request, 3, 'T')) check_exptime(key, argument(request, 3, 'T'));
  model_.execute_write(key, number_, flags, request.value);
  Item* item = find_item(key);
  if (has_flag(request, 3, 'C')) {
    SIM_REQUIRE(to_number(argument(request, 3, 'C'), cas), "server %u: no cas number", number_);
    check_cas(key, cas);
    if (item == nullptr) return "NF";
    older = has_flag(request, 3, 'I') && cas < item->cas;
    if (item->cas != cas && !older) return "EX";
  }
  if (item != nullptr ? mode == "E" : mode != "S" && mode != "E") return "NS";
  if (mode == "A" || mode == "P") {
    item->value.insert(mode == "A" ? item->value.size() : 0, request.value);
    item->cas = next_cas(key);
  } else {
    Item& stored = store(key, flags, request.value);
    stored.encoded = has_flag(request, 3, 'b');
    stored.stale = older;
  }
  return "HD";
}

void FakeServer::meta_remove(const WireRequest& request, std::string& out) {
  const KeyIndex key = meta_key(request, true);
  out += meta_unlink(request, key);
  meta_flags(request, 2, nullptr, out);
}

Bytes FakeServer::meta_unlink(const WireRequest& request, KeyIndex key) {
  std::uint64_t cas = 0;
  if (has_flag(request, 2, 'T')) check_exptime(key, argument(request, 2, 'T'));
  if (has_flag(request, 2, 'C')) {
    SIM_REQUIRE(to_number(argument(request, 2, 'C'), cas), "server %u: no cas number", number_);
    check_cas(key, cas);
  }
  Item* item = find_item(key);
  if (item == nullptr) {
    model_.execute_remove(key, number_, world_.now());
    return "NF";
  }
  if (has_flag(request, 2, 'C') && item->cas != cas) return "EX";
  if (has_flag(request, 2, 'I')) {
    item->stale = true;
    item->won = false;
    item->cas = next_cas(key);
    return "HD";
  }
  model_.execute_remove(key, number_, world_.now());
  items_.erase(model_.key(key).text);
  return "HD";
}

void FakeServer::meta_arithmetic(const WireRequest& request, std::string& out) {
  const KeyIndex key = meta_key(request);
  if (has_flag(request, 2, 'T')) check_exptime(key, argument(request, 2, 'T'));
  Item* item = find_item(key);
  const bool creates = item == nullptr && has_flag(request, 2, 'N');
  if (item == nullptr && !creates) {
    out += "NF";
    return meta_flags(request, 2, nullptr, out);
  }
  if (creates) {
    store(key, (key * 7919u) & 0xffff, argument(request, 2, 'J')).encoded =
        has_flag(request, 2, 'b');
    item = find_item(key);
  } else {
    const Bytes mode = argument(request, 2, 'M');
    const Bytes error = count(key, *item, argument(request, 2, 'D'), mode != "D");
    if (!error.empty()) {
      out += error;
      return;
    }
  }
  const bool value = has_flag(request, 2, 'v');
  out += value ? "VA " + std::to_string(item->value.size()) : "HD";
  meta_flags(request, 2, item, out);
  if (value) out += item->value + "\r\n";
}

void FakeServer::meta_debug(const WireRequest& request, std::string& out) {
  const bool encoded = has_flag(request, 2, 'b');
  SIM_REQUIRE(request.words.size() == (encoded ? 3 : 2), "server %u was told more than me takes",
              number_);
  const KeyIndex key = meta_key(request);
  const Item* item = find_item(key);
  if (item == nullptr) {
    out += "EN\r\n";
    return;
  }
  out.append("ME ")
      .append(item->encoded ? model_.key(key).encoded : model_.key(key).text)
      .append(" exp=-1 la=0 cas=" + std::to_string(item->cas) + " fetch=no\r\n");
}

}  // namespace ringway::sim
