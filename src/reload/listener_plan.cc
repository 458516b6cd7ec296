// Addresses first: clients came to an address, and never heard of a name. Where several
// listeners share some with one, the one that keeps its name goes first. Then names, those
// that retire last, then whatever number is free.
#include "reload/listener_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ringway/config/load.h"

#include "config/address.h"

namespace ringway::reload {
namespace {

using snapshot::ListenerId;

std::vector<std::string> spelled(const std::vector<std::string>& binds) {
  std::vector<std::string> all;
  for (const std::string& bind : binds) all.push_back(config::one_spelling(bind));
  return all;
}

class Planner {
 public:
  Planner(const snapshot::Snapshot* present, const config::Config& next)
      : present_(present), next_(next) {}

  std::map<std::string, ListenerId> ids() {
    const auto& listeners = next_.listeners;
    for (const auto& listener : listeners) take(listener, by_name_and_bind(listener));
    for (const auto& listener : listeners) take(listener, by_bind(listener));
    for (const auto& listener : listeners) take(listener, by_name(listener, false));
    for (const auto& listener : listeners) take(listener, by_name(listener, true));
    for (const auto& listener : listeners) {
      if (!ids_.contains(listener.name)) ids_[listener.name] = unused();
    }
    return std::move(ids_);
  }

 private:
  void take(const config::Listener& listener, const snapshot::Listener* known) {
    if (known && !ids_.contains(listener.name) && !taken(known->id)) {
      ids_[listener.name] = known->id;
    }
  }

  bool taken(ListenerId id) const {
    return std::ranges::any_of(ids_, [id](const auto& pair) { return pair.second == id; });
  }

  const snapshot::Listener* by_name(const config::Listener& listener, bool retiring) const {
    if (!present_) return nullptr;
    for (const snapshot::Listener& known : present_->listeners) {
      if (known.retiring == retiring && known.settings.name == listener.name) return &known;
    }
    return nullptr;
  }

  static bool share_bind(const config::Listener& a, const config::Listener& b) {
    const std::vector<std::string> binds = spelled(a.bind);
    return std::ranges::find_first_of(binds, spelled(b.bind)) != binds.end();
  }

  const snapshot::Listener* by_name_and_bind(const config::Listener& listener) const {
    const snapshot::Listener* known = by_name(listener, false);
    return known && share_bind(listener, known->settings) ? known : nullptr;
  }

  const snapshot::Listener* by_bind(const config::Listener& listener) const {
    if (!present_) return nullptr;
    for (const snapshot::Listener& known : present_->listeners) {
      if (known.retiring || taken(known.id)) continue;
      if (share_bind(listener, known.settings)) return &known;
    }
    return nullptr;
  }

  // Clients may still go by the number of any listener of the present snapshot.
  ListenerId unused() const {
    ListenerId id = 0;
    while (taken(id) || (present_ && present_->listener(id))) ++id;
    return id;
  }

  const snapshot::Snapshot* present_;
  const config::Config& next_;
  std::map<std::string, ListenerId> ids_;
};

bool looks_other(const config::Listener& settings, const snapshot::Listener* before) {
  return before &&
         (before->settings.mode != settings.mode || before->settings.backlog != settings.backlog);
}

class SocketPlanner {
 public:
  SocketPlanner(const snapshot::Snapshot* present, const std::vector<OpenSocket>& sockets,
                ListenerPlan& plan)
      : present_(present), sockets_(sockets), plan_(plan) {}

  // Several may be bound to port 0: first each listener finds its own.
  void run(const config::Config& next) {
    const auto place_of_bind = [&](const config::Listener& listener) {
      return config::place_of(next, "listener." + listener.name + ".bind");
    };
    for (const config::Listener& listener : next.listeners) {
      for (const std::string& bind : spelled(listener.bind)) {
        const OpenSocket* own = free_socket(bind, plan_.ids.at(listener.name));
        own ? keep(*own, listener) : left_.push_back({bind, &listener});
      }
    }
    for (const auto& [bind, listener] : left_) {
      const OpenSocket* open = free_socket(bind, std::nullopt);
      if (open) {
        keep(*open, *listener);
      } else {
        plan_.to_open.push_back(
            {bind, place_of_bind(*listener), *listener, plan_.ids.at(listener->name)});
      }
    }
    for (const OpenSocket& socket : sockets_) {
      if (!kept(socket)) plan_.to_close.push_back(socket);
    }
  }

 private:
  bool kept(const OpenSocket& socket) const {
    return std::ranges::count(plan_.to_keep, socket.fd, &OpenSocket::fd) > 0;
  }

  const OpenSocket* free_socket(const std::string& bind, std::optional<ListenerId> of) const {
    for (const OpenSocket& socket : sockets_) {
      if (socket.bind != bind || socket.lost || kept(socket)) continue;
      if (!of || socket.listener == *of) return &socket;
    }
    return nullptr;
  }

  void keep(const OpenSocket& socket, const config::Listener& listener) {
    const snapshot::Listener* before = present_ ? present_->listener(socket.listener) : nullptr;
    plan_.to_keep.push_back({socket.bind, socket.fd, plan_.ids.at(listener.name)});
    if (looks_other(listener, before)) {
      plan_.to_adjust.push_back({socket.fd, listener, before->settings});
    }
  }

  const snapshot::Snapshot* present_;
  const std::vector<OpenSocket>& sockets_;
  ListenerPlan& plan_;
  std::vector<std::pair<std::string, const config::Listener*>> left_;
};

}  // namespace

ListenerPlan listener_plan(const snapshot::Snapshot* present,
                           const std::vector<OpenSocket>& sockets, const config::Config& next,
                           const std::function<bool(ListenerId)>& has_clients) {
  ListenerPlan plan;
  plan.ids = Planner(present, next).ids();
  SocketPlanner(present, sockets, plan).run(next);
  if (!present) return plan;
  for (const snapshot::Listener& listener : present->listeners) {
    const bool stays =
        std::ranges::any_of(plan.ids, [&](const auto& pair) { return pair.second == listener.id; });
    if (stays || (listener.retiring && !has_clients(listener.id))) continue;
    plan.retiring.push_back({listener.settings, listener.id, listener.route->pool().settings});
  }
  return plan;
}

}  // namespace ringway::reload
