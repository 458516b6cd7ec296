// See keys.h: what concerns the process and not its traffic. The rows of one section
// stand together, in the order in which the reference shows them; special readers stand
// above the sections that need them.
#include "ringway/config/units.h"

#include "config/key_rows.h"

namespace ringway::config {
namespace {

// --- [router]

Verdict read_memory_max(const Node& node, const Limits& limits, Router& router) {
  router.memory_max_default = node.kind == NodeKind::text && node.text == "auto";
  if (router.memory_max_default) {
    router.memory_max.reset();
    return std::nullopt;
  }
  return read_value(node, limits, router.memory_max);
}

constexpr Key<Router> router_keys[] = {
    key<&Router::workers>("workers", "threads",
                          "a sidecar shares its pod's CPUs; 0: one per CPU that affinity and the "
                          "cgroup quota allow",
                          counts(0, 1024)),
    key<&Router::io>("io", "",
                     "auto takes io_uring where the kernel allows it, and says why if it does not"),
    key<&Router::zone>("zone", "", "which copy of replicated data is near; often \"${ZONE}\""),
    key<&Router::batch_window>(
        "batch_window", "",
        "where that answers more, a busy worker waits this long for more work "
        "to send at once; 0s: never",
        times(0s, 10ms)),
    {.name = "memory_max",
     .unit = "",
     .why = "near it large values wait for room, then all who ask; who holds memory and does not "
            "move is refused or closed. auto is 75% of the cgroup's limit: the kernel's sockets "
            "count there, too",
     .limits = some_size,
     .read = read_memory_max,
     .print =
         [](const Router& router) {
           return router.memory_max_default ? quoted("auto") : print_value(router.memory_max);
         },
     .form = [](const Limits&) { return std::string("size, \"auto\" or \"off\""); }},
    key<&Router::drain_delay>("drain_delay", "",
                              "after SIGTERM all goes on this long, until load balancers have "
                              "noticed",
                              any_time),
    key<&Router::drain_timeout>("drain_timeout", "",
                                "within this all clients are finished: with a drain_delay one "
                                "by one, otherwise as soon as what they asked is answered; "
                                "together below Kubernetes' 30s",
                                any_time),
};

constexpr Key<Log> log_keys[] = {
    key<&Log::level>("level", "", "the least that is logged"),
    key<&Log::format>("format", "", "json is one object per line, with event, pool, server, cause"),
    key<&Log::file>("file", "", "empty is standard error; SIGUSR1 opens it anew"),
};

// --- [metrics], [admin]

template <auto M>
constexpr Key<Owner<M>> binds_or_off(std::string_view why) {
  return {.name = "bind",
          .unit = "",
          .why = why,
          .limits = {},
          .read = [](const Node& node, const Limits& limits, Owner<M>& owner) -> Verdict {
            if (node.kind == NodeKind::text && node.text == "off") {
              (owner.*M).clear();
              return std::nullopt;
            }
            return read_value(node, limits, owner.*M);
          },
          .print =
              [](const Owner<M>& owner) {
                const auto& binds = owner.*M;
                if (binds.empty()) return quoted("off");
                return binds.size() == 1 ? quoted(binds.front()) : print_value(binds);
              },
          .form = [](const Limits&) { return std::string("address, a list of them, or \"off\""); }};
}

template <auto M>
constexpr Key<Owner<M>> socket_mode() {
  return {.name = "mode",
          .unit = "",
          .why = "permissions of its unix sockets",
          .limits = {},
          .read = [](const Node& node, const Limits&,
                     Owner<M>& owner) { return read_file_mode(node, owner.*M); },
          .print = [](const Owner<M>& owner) { return print_file_mode(owner.*M); },
          .form = [](const Limits&) { return std::string("octal text"); }};
}

constexpr std::string_view whose_group =
    "who may connect to its unix sockets, by name or number; empty: the group of the process";

constexpr Key<Metrics> metrics_keys[] = {
    binds_or_off<&Metrics::bind>("GET /metrics /healthz /readyz and nothing else: may be public. "
                                 "\"[::]:9312\" is IPv6 alone; on both kinds: "
                                 "[\"0.0.0.0:9312\", \"[::]:9312\"]"),
    socket_mode<&Metrics::mode>(),
    key<&Metrics::group>("group", "", whose_group),
};

constexpr Key<Admin> admin_keys[] = {
    binds_or_off<&Admin::bind>(
        "page, status, actions; \"unix:/path\" too; beyond loopback only with token_file"),
    socket_mode<&Admin::mode>(),
    key<&Admin::group>("group", "", whose_group),
    key<&Admin::hosts>("hosts", "",
                       "names under which it is asked, beside localhost and IP addresses: a "
                       "browser sends others for pages that want to read it"),
    key<&Admin::token_file>("token_file", "",
                            "the file whose first line every request must bring as its token; "
                            "read again at each reload"),
};

// --- [reload]

Verdict read_apply_at(const Node& node, const Limits&, Reload& reload) {
  const bool off = node.kind == NodeKind::text && node.text == "off";
  if (!off && node.kind != NodeKind::time) {
    return wrong_kind(node, "a time with its zone or \"off\"",
                      "write it without quotes: 2026-11-22T18:00:00Z");
  }
  reload.apply_at_unix_s = off ? std::nullopt : std::optional(node.integer);
  return std::nullopt;
}

std::string print_apply_at(const Reload& reload) {
  if (!reload.apply_at_unix_s) return quoted("off");
  return print_time(*reload.apply_at_unix_s);
}

constexpr Key<Reload> reload_keys[] = {
    key<&Reload::max_moved>("max_moved", "",
                            "a reload that moves more of a pool's keys is refused: a template "
                            "that lost its servers"),
    key<&Reload::watch>("watch", "", "look at the files this often and reload when they change",
                        some_time),
    {.name = "apply_at",
     .unit = "",
     .why = "checked now, switched at that second: a fleet changes its rings together",
     .limits = {},
     .read = read_apply_at,
     .print = print_apply_at,
     .form = [](const Limits&) { return std::string("time with its zone, or \"off\""); }},
    key<&Reload::accept_moved>("accept_moved", "",
                               "the hash that a refusal prints: allows just that configuration"),
};

}  // namespace

template <>
std::span<const Key<Router>> keys() {
  return router_keys;
}
template <>
std::span<const Key<Log>> keys() {
  return log_keys;
}
template <>
std::span<const Key<Metrics>> keys() {
  return metrics_keys;
}
template <>
std::span<const Key<Admin>> keys() {
  return admin_keys;
}
template <>
std::span<const Key<Reload>> keys() {
  return reload_keys;
}

template <>
Section section<Router>() {
  return {"[router]", "The process."};
}
template <>
Section section<Log>() {
  return {"[log]", "State changes, never single requests."};
}
template <>
Section section<Metrics>() {
  return {"[metrics]", "For Prometheus and for probes."};
}
template <>
Section section<Admin>() {
  return {"[admin]", "For operators."};
}
template <>
Section section<Reload>() {
  return {"[reload]", "SIGHUP, and what guards it."};
}

}  // namespace ringway::config
