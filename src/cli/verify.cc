// See verify.h: what is verified, how it goes on, and the verdict in words. Keys and
// servers are verification.h's.
#include "cli/verify.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "cli/verification.h"
#include "config/address.h"
#include "explain/key_text.h"
#include "explain/offline_snapshot.h"
#include "net/sockets.h"

namespace ringway::cli {
namespace {

constexpr Duration progress_interval = std::chrono::seconds(2);

bool listens_on(const snapshot::Listener& listener, const config::HostPort& address) {
  return std::ranges::any_of(listener.settings.bind, [&](const std::string& bind) {
    const auto own = config::parse_address(bind);
    return own && own->path == address.path && own->port == address.port;
  });
}

// The one that was named, the only one, or the only one on that port.
Result<const snapshot::Listener*> chosen_listener(const snapshot::Snapshot& snapshot,
                                                  const VerifyOptions& options) {
  auto found = listeners_named(snapshot, options.listener);
  if (found.empty()) return failure(no_such_listener(snapshot, options.listener));
  const auto through = config::parse_address(options.through);
  if (!through) return failure("--through: " + through.error());
  if (found.size() > 1) {
    std::erase_if(found, [&](const auto* listener) { return !listens_on(*listener, *through); });
  }
  if (found.size() == 1) return found[0];
  return failure(
      fmt::format("{} has several listeners and {} of them on the port of {}: choose "
                  "one with --listener",
                  options.file, found.empty() ? "none" : "more than one", options.through));
}

std::string why_not(const pool::Pool& pool) {
  if (pool.settings.protocol == config::Protocol::redis) {
    return fmt::format("pool '{}' speaks redis, which verify does not yet", pool.name());
  }
  if (pool.settings.distribution == "random") {
    return fmt::format("pool '{}' is random: its keys have no right place", pool.name());
  }
  return "";
}

Result<void> run_all(Verification& verification, const VerifyOptions& options, std::ostream& err) {
  Instant progress_at = net::monotonic_now() + progress_interval;
  for (std::uint32_t first = 0; first < options.keys; first += Verification::batch_keys) {
    const auto count = std::min(Verification::batch_keys, options.keys - first);
    if (auto done = verification.run(first, count); !done) return done;
    if (net::monotonic_now() < progress_at) continue;
    progress_at = net::monotonic_now() + progress_interval;
    err << fmt::format("{} of {} keys\n", first + count, options.keys);
  }
  return {};
}

void print(const Verification& verification, const pool::Pool& pool, const VerifyOptions& options,
           std::ostream& out) {
  out << fmt::format("pool {} ({}, {}), {} keys through {}\n", pool.name(), pool.settings.hash,
                     pool.settings.distribution, verification.keys(), options.through);
  for (std::size_t i = 0; i < pool.member_count; ++i) {
    const ServerTally& tally = verification.tallies()[i];
    out << fmt::format("  {:>6} of {:>6} found on {}\n", tally.found, tally.keys,
                       pool.servers[i].label);
  }
  for (const Stray& stray : verification.strays()) {
    out << fmt::format("  {}: belongs to {}, {}\n", shown(stray.key),
                       pool.servers[stray.home].label, stray.what);
  }
  const auto wrong = verification.keys() - verification.found();
  if (wrong > verification.strays().size()) {
    out << fmt::format("  ... and {} more\n", wrong - verification.strays().size());
  }
  out << (wrong == 0 ? "all keys are where" : fmt::format("{} keys are not where", wrong)) << " "
      << options.file << " says\n";
}

int give_up(const std::string& why, std::ostream& err) {
  err << why << "\n";
  return exit_error;
}

}  // namespace

int verify(const VerifyOptions& options, Streams streams) {
  const auto snapshot = offline_snapshot(options.file, streams.err);
  if (!snapshot) return exit_error;
  const auto listener = chosen_listener(*snapshot, options);
  if (!listener) return give_up(listener.error(), streams.err);
  const pool::Pool& pool = (*listener)->route->pool();
  if (const auto why = why_not(pool); !why.empty()) return give_up(why, streams.err);

  auto verification = Verification::connect(**listener, options.through, net::system_seed());
  if (!verification) return give_up(verification.error(), streams.err);
  if (const auto done = run_all(*verification, options, streams.err); !done) {
    return give_up(fmt::format("{}; given up after {} keys, what is left of them expires "
                               "within {} s",
                               done.error(), verification->keys(), Verification::ttl_s),
                   streams.err);
  }
  print(*verification, pool, options, streams.out);
  return verification->found() == verification->keys() ? exit_ok : exit_error;
}

}  // namespace ringway::cli
