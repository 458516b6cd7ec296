// The forms of the meta commands: a key, for ms a size, then flag tokens, each a
// letter with an argument directly behind it.
//
// ms carries a payload, so an error of the server's could mean that the payload
// was read as commands on a connection that others share: for ms only letters and
// arguments that every server accepts get through. For the others the server
// judges what is not needed here.
#include <array>

#include "ringway/proto/memcached/request_writer.h"

#include "proto/memcached/line.h"

namespace ringway::proto::memcached {
namespace {

constexpr std::uint32_t flags_max = 20;
constexpr std::size_t opaque_token_bytes_max = 32;  // With its letter, as servers count.
// So that with a key and with what a stand-in is told the line stays one that servers read.
constexpr std::size_t flags_bytes_max = server_line_bytes_max - key_bytes_max - 98;

constexpr Bytes duplicate_flag = "CLIENT_ERROR duplicate flag";
constexpr Bytes invalid_flag = "CLIENT_ERROR invalid flag";
constexpr Bytes flags_wrong = "CLIENT_ERROR invalid or duplicate flag";  // md, ma.
constexpr Bytes too_many_flags = "CLIENT_ERROR options flags too long";
constexpr Bytes too_many_flags_mg = "CLIENT_ERROR options flags are too long";
constexpr Bytes bad_token = "CLIENT_ERROR bad token in command line format";
constexpr Bytes bad_key = "CLIENT_ERROR error decoding key";
constexpr Bytes opaque_too_long = "CLIENT_ERROR opaque token too long";
constexpr Bytes mode_length = "CLIENT_ERROR incorrect length for M token";
constexpr Bytes mode_unknown = "CLIENT_ERROR invalid mode for ms M token";
constexpr Bytes binary_vivified = "CLIENT_ERROR ringway: N cannot create an item with a binary key";
constexpr Bytes binary_rewritten =
    "CLIENT_ERROR ringway: ma, append and prepend cannot change an item with a binary key";

// The letters that memcached 1.6.18 knows in any meta command.
constexpr Bytes known_letters = "bcfhklqstuvCDFIJLMNOPRT";

// What may stand behind a letter of ms. 14 letters, each at most once: below the
// 16 flags at which memcached 1.6.18 stops swallowing the payload.
enum class Argument : std::uint8_t { unknown, any, seconds, number, client_flags, mode };

constexpr auto ms_arguments = [] {
  std::array<Argument, 128> of{};
  for (const char letter : {'b', 'c', 'I', 'k', 'L', 'O', 'P', 'q', 's'}) {
    of[static_cast<std::size_t>(letter)] = Argument::any;
  }
  of['T'] = of['N'] = Argument::seconds;
  of['C'] = Argument::number;
  of['F'] = Argument::client_flags;
  of['M'] = Argument::mode;
  return of;
}();

// Which error a server names when a line has several. Those of letters end its
// reading at once; else it is the last found while reading; else one found after.
struct Errors {
  Bytes reading;
  Bytes after;

  Bytes told() const { return reading.empty() ? after : reading; }
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void check_mode(Bytes mode, Line& line, Errors& errors) {
  line.replaces = mode == "S";
  if (mode.size() != 1) {
    errors.reading = mode_length;
  } else if (!Bytes("AEPRS").contains(mode[0])) {
    errors.after = mode_unknown;
  }
}

void check_set_argument(char letter, Bytes argument, Line& line, Errors& errors) {
  std::int64_t seconds = 0;  // Of more than 32 bits servers take the low ones.
  std::uint64_t number = 0;
  switch (ms_arguments[static_cast<std::size_t>(letter)]) {
    case Argument::unknown:
    case Argument::any: return;
    case Argument::seconds:
      if (!parse_number(argument, seconds)) errors.reading = bad_token;
      return;
    case Argument::number:
      if (!parse_number(argument, number)) errors.reading = bad_token;
      return;
    case Argument::client_flags:
      if (!parse_number(argument, line.request.flags)) errors.reading = bad_format;
      return;
    case Argument::mode: return check_mode(argument, line, errors);
  }
}

// `binary`: whether the key could not be written without encoding it.
void check_encoded_key(Request& request, bool& binary, Errors& errors) {
  std::array<char, key_bytes_max> decoded;
  std::size_t size = 0;
  request.base64 = true;
  if (decode_key(request.key, decoded.data(), size)) {
    binary = !valid_key({decoded.data(), size});
  } else {
    errors.reading = bad_key;
  }
}

// The flags that ringway itself acts on. Wrong numbers are left to the server: for
// ms they were refused before.
void note_flag(char letter, Bytes argument, Request& request, bool& binary, Errors& errors) {
  switch (letter) {
    case 'q': request.quiet = true; return;
    case 'v': request.wants_value = true; return;
    case 'k': request.wants_key = true; return;
    case 'b': return check_encoded_key(request, binary, errors);
    case 'C':
      request.cas_given = true;
      (void)parse_number(argument, request.cas);
      return;
    case 'O':
      request.opaque = argument;
      if (argument.size() < opaque_token_bytes_max || !errors.after.empty()) return;
      errors.after = opaque_too_long;
      return;
    case 'T': (void)parse_number(argument, request.exptime); [[fallthrough]];
    case 'N':
    case 'R':
    case 'E': request.retry_safe = false; return;
    default: return;
  }
}

Bytes read_flags(Line& line) {
  Request& request = line.request;
  line.words.skip_spaces();
  const char* begin = line.words.at;
  std::uint64_t seen = 0;
  std::uint32_t count = 0;
  bool binary = false;
  bool vivifies = false;
  bool rewrites = request.command == Command::ma;
  bool all_known = true;
  Errors errors;
  for (Bytes token; line.words.next(token);) {
    if (++count > flags_max) {
      return request.command == Command::mg ? too_many_flags_mg : too_many_flags;
    }
    const char letter = token[0];
    if (!is_letter(letter) || !printable(token)) return invalid_flag;
    const std::uint64_t bit = std::uint64_t{1} << (letter - 'A');
    // Which servers know which letter is theirs to say, but for the order of two complaints.
    if ((seen & bit) != 0) return all_known ? duplicate_flag : invalid_flag;
    seen |= bit;
    all_known &= known_letters.contains(letter);
    const bool set = request.command == Command::ms;
    if (set && ms_arguments[static_cast<std::size_t>(letter)] == Argument::unknown) {
      return invalid_flag;
    }
    const Bytes argument = token.substr(1);
    if (set) check_set_argument(letter, argument, line, errors);
    note_flag(letter, argument, request, binary, errors);
    vivifies |= letter == 'N' && !set;
    rewrites |= set && (token == "MA" || token == "MP");
  }
  request.fenced = request.command == Command::ma && vivifies && request.quiet;
  const Bytes tokens(begin, static_cast<std::size_t>(line.words.at - begin));
  request.memo = tokens.substr(0, tokens.find_last_not_of(' ') + 1);
  if (request.memo.size() > flags_bytes_max) return too_many_flags;
  // Servers forget that such a key was encoded, and from then on write it raw into
  // their replies, line ends included.
  if (binary && errors.after.empty()) {
    errors.after = vivifies ? binary_vivified : rewrites ? binary_rewritten : no_error;
  }
  return errors.told();
}

// An encoded key stands in the line, so the limit holds for both of its forms.
Bytes read_meta_key(Bytes word, Request& request) {
  if (!valid_key(word)) return bad_format;
  request.key = word;
  request.key_count = 1;
  return no_error;
}

}  // namespace

Bytes parse_meta(Line& line) {
  Bytes key;
  if (!line.words.next(key)) return plain_error;
  if (const Bytes error = read_meta_key(key, line.request); !error.empty()) return error;
  const Bytes error = read_flags(line);
  // md and ma know one word for all that goes wrong while reading flags.
  const bool own = error == duplicate_flag || error == invalid_flag || error == bad_key;
  return own && line.request.command != Command::mg ? flags_wrong : error;
}

Bytes parse_meta_set(Line& line) {
  Bytes key;
  Bytes bytes;
  if (!line.words.next(key)) return plain_error;
  if (!line.words.next(bytes)) return bad_format;
  line.announce_payload(bytes);
  line.replaces = true;
  if (const Bytes error = read_meta_key(key, line.request); !error.empty()) return error;
  if (line.payload_bytes < 0) return bad_format;
  return read_flags(line);
}

// me <key> [b], and servers read no further: nothing else is passed on, for a flag that
// asks for something in the reply would not get it. Any error is the same error.
Bytes parse_meta_debug(Line& line) {
  Bytes key;
  Bytes flag;
  Request& request = line.request;
  if (!line.words.next(key)) return bad_format;
  if (const Bytes error = read_meta_key(key, request); !error.empty()) return error;
  if (!line.words.next(flag) || flag != "b") return no_error;
  bool binary = false;
  Errors errors;
  check_encoded_key(request, binary, errors);
  request.memo = flag;
  return errors.told().empty() ? no_error : bad_format;
}

}  // namespace ringway::proto::memcached
