// See loss.h: one table of commands. Of meta commands the flags decide: a mode, or a token to
// compare with.
#include "ringway/proto/memcached/loss.h"

#include "proto/memcached/words.h"

namespace ringway::proto::memcached {
namespace {

struct Class {
  Effect effect;
  IfLost if_lost;
};

constexpr Class modifies{Effect::modifies, IfLost::no_older};

// `plain`: what it is without a mode and without a token.
Class of_meta(Bytes flags, Class plain) {
  Class found = plain;
  Words words{flags.data(), flags.data() + flags.size()};
  for (Bytes token; words.next(token);) {
    const bool removes = plain.effect == Effect::removes;
    const bool compares = token[0] == 'C' || token[0] == 'E';
    if (compares) return removes ? Class{Effect::removes, IfLost::no_older} : modifies;
    if (token[0] == 'I' && removes) found.if_lost = IfLost::owed_marked;
    if (token[0] != 'M' || token.size() < 2) continue;
    switch (token[1]) {
      case 'E': return modifies;
      case 'A':
      case 'P': found = {Effect::modifies, IfLost::owed_untold}; break;
      case 'R': found = {Effect::modifies, IfLost::owed}; break;
      default: break;
    }
  }
  return found;
}

Class class_of(const Request& request) {
  const Effect effect = row(request.command).effect;
  switch (static_cast<Command>(request.command)) {
    case Command::set:
    case Command::replace:
    case Command::delete_: return {effect, IfLost::owed};
    case Command::append:
    case Command::prepend: return {effect, IfLost::owed_untold};
    case Command::ms:
    case Command::md: return of_meta(request.memo, {effect, IfLost::owed});
    case Command::add:
    case Command::cas:
    case Command::incr:
    case Command::decr:
    case Command::ma:
    case Command::touch:
    case Command::gat:
    case Command::gats: return {effect, IfLost::no_older};
    default: return {effect, IfLost::nothing};
  }
}

}  // namespace

void classify(Request& request) {
  const Class found = class_of(request);
  request.effect = found.effect;
  request.if_lost = found.if_lost;
  request.many_keys = row(request.command).many_keys;
}

}  // namespace ringway::proto::memcached
