// See keys.h: what listeners have, in the order in which the reference shows it. Special
// readers stand above the rows.
#include "ringway/config/units.h"

#include "config/key_rows.h"

namespace ringway::config {
namespace {

// --- [listener.NAME]

Verdict read_mode(const Node& node, const Limits&, Listener& listener) {
  if (node.kind == NodeKind::text && node.text == "umask") {
    listener.mode.reset();
    return std::nullopt;
  }
  std::uint32_t mode = 0;
  if (auto wrong = read_file_mode(node, mode)) return wrong;
  listener.mode = mode;
  return std::nullopt;
}

Verdict read_clients_max(const Node& node, const Limits& limits, Listener& listener) {
  if (node.kind == NodeKind::text && node.text == "auto") {
    listener.clients_max.reset();
    return std::nullopt;
  }
  std::uint32_t value = 0;
  if (auto wrong = read_value(node, limits, value)) {
    wrong->hint += "; \"auto\" is the file limit less a reserve";
    return wrong;
  }
  listener.clients_max = value;
  return std::nullopt;
}

constexpr Key<Listener> listener_keys[] = {
    key<&Listener::bind>("bind", "", "\"address:port\", \"[v6]:port\", \"unix:/path\"; required",
                         {}, "\"127.0.0.1:11311\""),
    key<&Listener::route>("route", "",
                          "the name of a pool or of a route: they share one namespace; required",
                          {}, "\"web\""),
    {.name = "mode",
     .unit = "",
     .why = "permissions of unix sockets; umask leaves them to the process",
     .limits = {},
     .read = read_mode,
     .print =
         [](const Listener& listener) {
           return listener.mode ? print_file_mode(*listener.mode) : quoted("umask");
         },
     .form = [](const Limits&) { return std::string("octal text or \"umask\""); }},
    key<&Listener::backlog>("backlog", "connections", "reconnect storms", counts(1, 65535)),
    {.name = "clients_max",
     .unit = "clients",
     .why = "auto is the file limit less a reserve, which all listeners share",
     .limits = counts(1, 10'000'000),
     .read = read_clients_max,
     .print =
         [](const Listener& listener) {
           return listener.clients_max ? print_value(*listener.clients_max) : quoted("auto");
         },
     .form = [](const Limits&) { return std::string("a number or \"auto\""); }},
    key<&Listener::clients_full>("clients_full", "",
                                 "reject: the client hears it at once and tries another router"),
    key<&Listener::idle_timeout>(
        "idle_timeout", "",
        "a silent client is closed after it; connection pools hold idle connections. One whose "
        "machine is gone ends after 7 min all the same",
        some_time),
    key<&Listener::client_stall_timeout>(
        "client_stall_timeout", "",
        "a client that for so long takes nothing of what it is owed, or says nothing of the rest "
        "of a request, is closed",
        some_time),
    key<&Listener::client_in_flight_max>("client_in_flight_max", "requests",
                                         "then the client's socket is not read; of reads "
                                         "keys_per_ask is the limit",
                                         counts(1, 1'000'000)),
    key<&Listener::client_output_high>(
        "client_output_high", "",
        "above it the client's next requests wait and its socket is not read", size_of_buffer),
    key<&Listener::client_output_max>(
        "client_output_max", "",
        "above it the client is closed; at least client_output_high + keys_per_ask x value_max",
        size_of_buffer),
    key<&Listener::stream_min>("stream_min", "",
                               "smaller values are gathered before their first byte goes on: a "
                               "lost server is an error, not a broken stream",
                               some_size),
    key<&Listener::keys_per_get_max>("keys_per_get_max", "keys",
                                     "bounds one request; they are asked for in portions anyway",
                                     counts(1, 1'000'000)),
    key<&Listener::keys_per_ask>("keys_per_ask", "keys",
                                 "of one client asked for at a time, all servers and pipelined "
                                 "reads together (of one read never more than 64): a slow reader "
                                 "slows itself",
                                 counts(1, 1'000'000)),
    key<&Listener::value_max>("value_max", "", "larger ones are refused", sizes(1, 128 * MiB)),
    protection_table<Listener>("tls", "{}", "TLS towards clients"),
};

}  // namespace

template <>
std::span<const Key<Listener>> keys() {
  return listener_keys;
}

template <>
Section section<Listener>() {
  return {"[listener.NAME]",
          "An address that clients connect to. [defaults.listener] holds for every listener."};
}

}  // namespace ringway::config
