// Names first, then addresses, then the names of those that retire, then whatever number
// is free: so that a renamed listener can only take the number of one that nobody else is.
#include "reload/listener_plan.h"

#include <algorithm>

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
    for (const config::Listener& listener : next_.listeners) {
      take(listener, by_name(listener, false));
    }
    for (const config::Listener& listener : next_.listeners) take(listener, by_bind(listener));
    for (const config::Listener& listener : next_.listeners) {
      take(listener, by_name(listener, true));
    }
    for (const config::Listener& listener : next_.listeners) {
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

  const snapshot::Listener* by_bind(const config::Listener& listener) const {
    if (!present_) return nullptr;
    const std::vector<std::string> binds = spelled(listener.bind);
    for (const snapshot::Listener& known : present_->listeners) {
      if (known.retiring || taken(known.id)) continue;
      const std::vector<std::string> others = spelled(known.settings.bind);
      const bool shared = std::ranges::find_first_of(binds, others) != binds.end();
      if (shared) return &known;
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

void plan_sockets(const snapshot::Snapshot* present, const std::vector<OpenSocket>& sockets,
                  const config::Config& next, ListenerPlan& plan) {
  for (const config::Listener& listener : next.listeners) {
    const ListenerId id = plan.ids.at(listener.name);
    for (const std::string& bind : spelled(listener.bind)) {
      // Several may be bound to port 0.
      const auto open = std::ranges::find_if(sockets, [&](const OpenSocket& socket) {
        return socket.bind == bind &&
               std::ranges::count(plan.to_keep, socket.fd, &OpenSocket::fd) == 0;
      });
      if (open == sockets.end()) {
        plan.to_open.push_back({bind, listener, id});
      } else {
        plan.to_keep.push_back({bind, open->fd, id});
        const snapshot::Listener* before = present ? present->listener(open->listener) : nullptr;
        if (looks_other(listener, before)) plan.to_adjust.push_back({open->fd, listener});
      }
    }
  }
  for (const OpenSocket& socket : sockets) {
    if (std::ranges::count(plan.to_keep, socket.fd, &OpenSocket::fd) == 0) {
      plan.to_close.push_back(socket);
    }
  }
}

}  // namespace

ListenerPlan listener_plan(const snapshot::Snapshot* present,
                           const std::vector<OpenSocket>& sockets, const config::Config& next,
                           const std::function<bool(ListenerId)>& has_clients) {
  ListenerPlan plan;
  plan.ids = Planner(present, next).ids();
  plan_sockets(present, sockets, next, plan);
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
