// The forms of the classic commands, each one row of the table in
// request_parser.cc. Counting of words and texts of errors follow memcached
// 1.6.18; where that would leave a payload to be read as commands, it is swallowed.
#include "proto/memcached/line.h"

namespace ringway::proto::memcached {
namespace {

constexpr Bytes bad_exptime = "CLIENT_ERROR invalid exptime argument";
constexpr Bytes bad_delta = "CLIENT_ERROR invalid numeric delta argument";
constexpr Bytes bad_delete = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";
constexpr Bytes no_stats_reset = "CLIENT_ERROR stats reset not allowed";
constexpr Bytes bad_stats_detail = "CLIENT_ERROR usage: stats detail on|off|dump";
constexpr Bytes too_many_keys =
    "CLIENT_ERROR ringway: too many keys in one request (keys_per_get_max)";
constexpr Bytes no_values = "END";

// As memcached reads it: the last word counts, whatever place it has.
bool says_noreply(const FewWords& words) {
  return words.last == "noreply";
}

// All keys in one pass, before anything is sent anywhere: one bad key refuses the
// whole request. Zero keys are not an error here.
Bytes read_keys(Words words, std::uint32_t keys_max, Request& request) {
  words.skip_spaces();
  const char* first = words.at;
  const char* behind = words.at;
  while (words.at != words.end) {
    const char* stop = key_end(words.at, words.end);
    const auto bytes = static_cast<std::size_t>(stop - words.at);
    const bool ends = stop == words.end || *stop == ' ';
    if (bytes == 0 || bytes > key_bytes_max || !ends) return bad_format;
    if (request.key_count++ == 0) request.key = Bytes(first, bytes);
    behind = words.at = stop;
    words.skip_spaces();
  }
  if (request.key_count > keys_max) return too_many_keys;
  request.keys = Bytes(first, static_cast<std::size_t>(behind - first));
  return no_error;
}

Bytes read_key(Bytes word, Request& request) {
  if (!valid_key(word)) return bad_format;
  request.key = word;
  request.key_count = 1;
  return no_error;
}

}  // namespace

Bytes parse_get(Line& line) {
  const Bytes error = read_keys(line.words, line.limits.keys_per_get_max, line.request);
  if (error.empty() && line.request.key_count == 0) return plain_error;
  return error;
}

Bytes parse_gat(Line& line) {
  Bytes exptime;
  if (!line.words.next(exptime)) return plain_error;
  if (!parse_number(exptime, line.request.exptime)) return bad_exptime;
  // It is kept until the reply comes; a line may have any number of zeros.
  while (exptime.size() > 1 && exptime[0] == '0') exptime.remove_prefix(1);
  if (exptime.size() > number_bytes_max) return bad_exptime;
  line.request.memo = exptime;
  const Bytes error = read_keys(line.words, line.limits.keys_per_get_max, line.request);
  // memcached finds nothing where nothing was asked; there is no key to send it to.
  if (error.empty() && line.request.key_count == 0) return no_values;
  return error;
}

// <key> <flags> <exptime> <bytes> [<cas>] [noreply]
Bytes parse_storage(Line& line) {
  Request& request = line.request;
  const FewWords words(line.words);
  const std::size_t count = request.command == Command::cas ? 5 : 4;
  if (words.count >= 4) line.announce_payload(words.word[3]);
  if (words.count < count) return plain_error;
  if (words.count > count + 1) return bad_format;

  request.noreply = says_noreply(words);
  if (const Bytes error = read_key(words.word[0], request); !error.empty()) return error;
  if (!parse_number(words.word[1], request.flags)) return bad_format;
  if (!parse_number(words.word[2], request.exptime)) return bad_format;
  if (line.payload_bytes < 0) return bad_format;
  request.cas_given = request.command == Command::cas;
  if (request.cas_given && !parse_number(words.word[4], request.cas)) return bad_format;
  line.replaces = request.command == Command::set;
  return no_error;
}

// <key> [0] [noreply]: the 0 was once a time to wait, and old clients still send it.
Bytes parse_delete(Line& line) {
  const FewWords words(line.words);
  if (words.count < 1 || words.count > 3) return plain_error;
  if (words.count > 1) {
    const bool zero = words.word[1] == "0";
    const bool noreply = says_noreply(words);
    line.request.noreply = noreply;
    if (words.count == 2 ? !zero && !noreply : !zero || !noreply) return bad_delete;
  }
  return read_key(words.word[0], line.request);
}

// <key> <delta> [noreply]
Bytes parse_arithmetic(Line& line) {
  const FewWords words(line.words);
  if (words.count < 2 || words.count > 3) return plain_error;
  line.request.noreply = says_noreply(words);
  if (const Bytes error = read_key(words.word[0], line.request); !error.empty()) return error;
  return parse_number(words.word[1], line.request.delta) ? no_error : bad_delta;
}

// <key> <exptime> [noreply]
Bytes parse_touch(Line& line) {
  const FewWords words(line.words);
  if (words.count < 2 || words.count > 3) return plain_error;
  line.request.noreply = says_noreply(words);
  if (const Bytes error = read_key(words.word[0], line.request); !error.empty()) return error;
  return parse_number(words.word[1], line.request.exptime) ? no_error : bad_exptime;
}

Bytes parse_verbosity(Line& line) {
  const FewWords words(line.words);
  if (words.count < 1 || words.count > 2) return plain_error;
  line.request.noreply = says_noreply(words);
  line.request.argument = line.words.rest();
  std::uint64_t level = 0;
  return parse_number(words.word[0], level) ? no_error : bad_format;
}

// The others tell of one server's inside. Its counters are for all: nobody resets them.
Bytes parse_stats(Line& line) {
  const FewWords words(line.words);
  line.request.argument = words.count > 0 ? words.word[0] : Bytes{};
  for (const Bytes known : {"", "settings", "items", "slabs"}) {
    if (line.request.argument == known) return no_error;
  }
  if (line.request.argument == "reset") return no_stats_reset;
  if (line.request.argument != "detail") return plain_error;
  const Bytes what = words.word[1];
  const bool known = what == "on" || what == "off" || what == "dump";
  return known ? plain_error : bad_stats_detail;
}

// [delay] [noreply]
Bytes parse_flush_all(Line& line) {
  const FewWords words(line.words);
  if (words.count > 2) return plain_error;
  line.request.noreply = says_noreply(words);
  line.request.argument = line.words.rest();
  if (words.count == (line.request.noreply ? 1u : 0u)) return no_error;
  line.request.memo = words.word[0];
  return parse_number(words.word[0], line.request.exptime) ? no_error : bad_exptime;
}

Bytes parse_argument(Line& line) {
  line.request.argument = line.words.rest();
  return no_error;
}

bool next_key(Bytes& rest, Bytes& key) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  key = rest.substr(0, rest.find(' '));
  rest.remove_prefix(key.size());
  return !key.empty();
}

}  // namespace ringway::proto::memcached
