// What ringway itself says to clients that speak memcached's protocol: in memcached's own words
// where it has some, since clients know them.
#include <fmt/core.h>

#include "ringway/proto/memcached/command.h"

#include "proto/memcached/asked_flags.h"
#include "proto/memcached/dialect.h"

namespace ringway::proto::memcached {
namespace {

std::string with_flags(std::string_view word, const Asked& asked) {
  std::string text(word);
  const AskedFlags flags(asked.memo);
  Words words{asked.memo.data(), asked.memo.data() + asked.memo.size()};
  for (Bytes token; words.next(token);) {
    if (token[0] == 'O') text.append(" ").append(token);
    if (token[0] == 'k') text.append(" k").append(asked.key).append(flags.base64 ? " b" : "");
  }
  return text.append("\r\n");
}

void add_stats(std::string& text, const Figures& figures) {
  for (const Figure& figure : figures)
    fmt::format_to(std::back_inserter(text), "STAT {} {}\r\n", figure.name, figure.value);
}

}  // namespace

std::string refusal(std::string_view why) {
  return fmt::format("SERVER_ERROR ringway: {}\r\n", why);
}

std::string miss(const Asked& asked) {
  if (!row(asked.command).meta) return "END\r\n";
  return AskedFlags(asked.memo).quiet ? "" : with_flags("EN", asked);
}

std::string unstored(const Asked& asked) {
  switch (static_cast<Command>(asked.command)) {
    case Command::ms: return with_flags("NS", asked);
    case Command::md:
    case Command::ma: return with_flags("NF", asked);
    case Command::cas:
    case Command::delete_:
    case Command::touch:
    case Command::incr:
    case Command::decr: return "NOT_FOUND\r\n";
    default: return "NOT_STORED\r\n";
  }
}

std::string outdated(const Asked& asked) {
  return row(asked.command).meta ? with_flags("EX", asked) : "EXISTS\r\n";
}

Bytes end_of_many(CommandId command) {
  return row(command).many_keys ? "END\r\n" : "OK\r\n";
}

// ringway's own figures under the names that memcached gives them, where it has such a thing;
// servers are asked for nothing. It holds no items, so it has none to tell of.
bool local(const Request& request, const FigureSource& figures, std::string& out) {
  switch (static_cast<Command>(request.command)) {
    case Command::quit: return false;
    case Command::version:
      // Whoever asks wants to know whether it is worth asking for more: another ringway in front
      // of this one, a balancer, a client's own health check.
      out = figures.out_of_service();
      out = out.empty() ? fmt::format("VERSION {}\r\n", version) : refusal(out);
      return true;
    // The barrier: in its place in the line, it waits for all that was asked before.
    case Command::mn: out = "MN\r\n"; return true;
    case Command::verbosity:
      if (!request.noreply) out = "OK\r\n";
      return true;
    case Command::stats:
      if (request.argument.empty()) add_stats(out, figures.totals());
      if (request.argument == "settings") add_stats(out, figures.settings());
      out += "END\r\n";
      return true;
    default: out = "ERROR\r\n"; return true;
  }
}

}  // namespace ringway::proto::memcached
