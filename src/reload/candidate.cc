// Step by step, each of which may end it. Sockets come before the snapshot, so that a
// taken address costs nobody a ring.
#include "reload/candidate.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <utility>

#include "ringway/config/units.h"

#include "config/cross_checks.h"
#include "reload/change_summary.h"
#include "reload/interlock.h"
#include "reload/listeners.h"
#include "reload/own_addresses.h"
#include "reload/restart.h"

namespace ringway::reload {
namespace {

std::string lines_of(const config::Problems& problems) {
  std::string lines;
  for (const config::Problem& problem : problems) lines += text(problem) + "\n";
  return lines;
}

static_assert(2 * config::servers_max <= proxy::Board::servers_max);

class Preparation {
 public:
  Preparation(const InForce& present, const std::vector<OpenSocket>& sockets, ReloadRequest request,
              worker::Shared& shared, ControlEnv& env)
      : present_(present), sockets_(sockets), request_(request), shared_(shared), env_(env) {}

  Candidate run() {
    try {
      if (load() && compare() && has_ids() && open() && !scheduled()) build();
    } catch (const std::exception& error) {  // Memory, above all.
      close_sockets(std::exchange(candidate_.opened, {}), env_);
      candidate_.outside = true;
      end(Ending::failed, fmt::format("failed: {}\n", error.what()));
    }
    return std::move(candidate_);
  }

 private:
  bool end(Ending ending, std::string text) {
    candidate_.ending = Outcome{ending, std::move(text)};
    return false;
  }

  bool load() {
    if (request_.written) {
      written_ = *request_.written;
      return true;
    }
    config::Loaded loaded = env_.load();
    candidate_.content = loaded.content;
    candidate_.read = true;
    if (!loaded.config) {
      return end(Ending::failed, lines_of(loaded.problems) + "the configuration stays as it was\n");
    }
    candidate_.warnings = lines_of(loaded.problems);
    written_ = std::move(*loaded.config);
    candidate_.file_hash = config::fingerprint(written_);
    env_.read_again();
    return true;
  }

  bool compare() {
    if (request_.sweep) return true;
    if (config::placeless(written_) == config::placeless(*present_.written)) {
      if (std::ranges::none_of(sockets_, &OpenSocket::lost)) {
        return end(Ending::unchanged, "nothing has changed\n");
      }
      candidate_.summary = "sockets whose files were removed are made anew";
      candidate_.next.file_hash = present_.file_hash;
      candidate_.next.fingerprint = present_.fingerprint;
      return true;
    }
    const Difference found = difference(*present_.written, written_);
    candidate_.next.file_hash = found.file_hash;
    candidate_.next.fingerprint = running_fingerprint(*present_.started, written_);
    candidate_.summary = change_summary(found, needing_restart(*present_.started, written_));
    const auto why = refusal(found, *present_.written, written_);
    if (!why || accepted()) return true;
    return end(Ending::refused, "refused: " + *why + "\n");
  }

  // Of what is read once more, only as it was when it was accepted.
  bool accepted() const {
    return request_.accept_moved && (!request_.again || candidate_.content == request_.accepted);
  }

  // Servers that are gone keep their ids until every worker has let go of them. All of the
  // file count as new: a file and its successor fit together (see config/cross_checks.h).
  bool has_ids() {
    if (request_.sweep) return true;
    std::size_t servers = shared_.board.size();
    for (const config::Pool& pool : written_.pools) servers += pool.servers.size();
    if (servers <= proxy::Board::servers_max) return true;
    return fail_outside({{{written_.file, 0, 0},
                          fmt::format("more than {} servers, with those that are still leaving",
                                      proxy::Board::servers_max),
                          "try again in a while"}});
  }

  bool open() {
    settled_ = written_;
    keep_until_restart(present_.snapshot->config, settled_);
    env_.settle(settled_);
    candidate_.listeners =
        listener_plan(present_.snapshot.get(), sockets_, settled_, [this](snapshot::ListenerId id) {
          return shared_.loads[id].clients.load(std::memory_order_acquire) > 0;
        });
    const auto too_high = [](const auto& pair) { return pair.second >= proxy::listeners_max; };
    if (std::ranges::any_of(candidate_.listeners.ids, too_high)) {
      return fail_outside(
          {{{written_.file, 0, 0},
            fmt::format("more than {} listeners, with those that retire", proxy::listeners_max),
            "try again when clients of those that retire have left"}});
    }
    if (auto problems = own_conflicts(); !problems.empty()) {
      return fail_outside(std::move(problems));
    }
    auto opened = open_sockets(candidate_.listeners.to_open, env_);
    if (!opened) return fail_outside(std::move(opened.error()));
    candidate_.opened = std::move(*opened);
    return true;
  }

  // Told without trying: it would take a second, and name another program.
  config::Problems own_conflicts() const {
    config::Problems problems;
    for (const SocketToOpen& socket : candidate_.listeners.to_open) {
      const auto why = in_the_way(socket.bind, present_, sockets_);
      if (why) problems.push_back(told_of(socket, *why));
    }
    return problems;
  }

  // What applies later was only tried: its sockets are opened again then.
  bool scheduled() {
    const auto at = written_.reload.apply_at_unix_s;
    // In whole seconds: nanoseconds do not reach beyond the year 2262.
    const auto now = std::chrono::floor<std::chrono::seconds>(env_.since_1970());
    if (request_.written || !at || std::chrono::seconds(*at) <= now) return false;
    close_sockets(std::exchange(candidate_.opened, {}), env_);
    candidate_.apply_at = std::chrono::seconds(*at);
    candidate_.scheduled = std::make_shared<const config::Config>(written_);
    end(Ending::scheduled,
        fmt::format("applies at {}: {}\n", config::print_time(*at), candidate_.summary));
    return true;
  }

  bool fail_outside(const config::Problems& problems) {
    candidate_.outside = true;
    return end(Ending::failed, lines_of(problems) + "the configuration stays as it was\n");
  }

  void build() {
    const snapshot::Identities identities{
        .server =
            [this](const pool::ServerIdentity& server) { return shared_.board.id_of(server); },
        .listener = [this](const std::string& name) { return candidate_.listeners.ids.at(name); }};
    candidate_.next.started = present_.started;
    candidate_.next.written = std::make_shared<const config::Config>(std::move(written_));
    if (request_.sweep) {
      candidate_.next.file_hash = present_.file_hash;
      candidate_.next.fingerprint = present_.fingerprint;
    }
    candidate_.next.snapshot =
        snapshot::build(std::move(settled_), present_.snapshot->generation + 1, identities,
                        candidate_.listeners.retiring);
  }

  const InForce& present_;
  const std::vector<OpenSocket>& sockets_;
  const ReloadRequest request_;
  worker::Shared& shared_;
  ControlEnv& env_;
  config::Config written_;
  config::Config settled_;
  Candidate candidate_;
};

}  // namespace

Candidate prepare(const InForce& present, const std::vector<OpenSocket>& sockets,
                  ReloadRequest request, worker::Shared& shared, ControlEnv& env) {
  return Preparation(present, sockets, request, shared, env).run();
}

}  // namespace ringway::reload
