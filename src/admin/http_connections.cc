// See http_connections.h; the one file that includes libmicrohttpd. A connection that the
// maker works for is suspended, and a suspended one cannot end: so a pointer to it is good
// until it is resumed.
#include "admin/http_connections.h"

#include <algorithm>
#include <charconv>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ringway/base/assert.h"

#include "admin/http_thread.h"

namespace ringway::admin {
namespace {

HttpAnswer in_words(int status, std::string_view text) {
  return {.status = status, .body = std::string(text) + "\n"};
}

HttpAnswer too_large() {
  return in_words(413, "the body is too large: at most 64 KiB");
}

std::string peer_text(int fd, const net::Address& peer) {
  if (peer.family() != AF_UNIX) return peer.text();
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return "a unix socket";
  return "uid " + std::to_string(who.uid);
}

MHD_Result add_header(void* fields, MHD_ValueKind, const char* name, const char* value) {
  static_cast<HttpFields*>(fields)->emplace_back(name, value == nullptr ? "" : value);
  return MHD_YES;
}

std::uint64_t announced_bytes(const HttpRequest& request) {
  const std::string_view length = request.header("Content-Length");
  std::uint64_t bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), bytes);
  return bytes;
}

}  // namespace

struct HttpConnections::Calls {
  static Connection& of(MHD_Connection* mhd) {
    const auto* info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return *static_cast<Connection*>(info->socket_context);
  }

  static void on_connection(void* owner, MHD_Connection* mhd, void** context,
                            MHD_ConnectionNotificationCode code) {
    auto& own = *static_cast<HttpConnections*>(owner);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
      auto* gone = static_cast<Connection*>(*context);
      own.connections_.remove_if([&](const Connection& one) { return &one == gone; });
      return;
    }
    Connection& taken = own.connections_.emplace_back();
    taken.owner = &own;
    taken.mhd = mhd;
    taken.fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    taken.until = own.now_ + request_time_max;
    taken.first_run = own.runs_ + 1;
    taken.request.peer = peer_text(taken.fd, *own.taking_);
    taken.request.local = own.taking_->family() == AF_UNIX;
    *context = &taken;
  }

  // What the client sent, before the library decodes it.
  static void* on_target(void*, const char* target, MHD_Connection* mhd) {
    set_target(of(mhd).request, target);
    return nullptr;
  }

  // First with the head, then with each piece of the body, then without one; and again
  // when a suspended connection goes on.
  static MHD_Result on_request(void* owner, MHD_Connection* mhd, const char*, const char* method,
                               const char*, const char* body, std::size_t* size, void**) {
    auto& own = *static_cast<HttpConnections*>(owner);
    Connection& connection = of(mhd);
    try {
      if (!connection.asked) {
        own.on_head(connection, method);
        return connection.ready ? static_cast<MHD_Result>(own.queue(connection)) : MHD_YES;
      }
      if (const std::size_t bytes = std::exchange(*size, 0); bytes > 0) {
        return own.on_body(connection, {body, bytes}) ? MHD_YES : MHD_NO;
      }
      if (!connection.ready) own.on_complete(connection);
      return connection.ready ? static_cast<MHD_Result>(own.queue(connection)) : MHD_YES;
    } catch (const std::exception&) {
      return MHD_NO;  // Out of memory: this client is dropped.
    }
  }
};

HttpConnections::HttpConnections(HttpRoutes routes, HttpMaker& maker, std::size_t connections_max,
                                 Duration reuse)
    : routes_(std::move(routes)), maker_(maker), connections_max_(connections_max), reuse_(reuse) {}

HttpConnections::~HttpConnections() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  RINGWAY_ASSERT(connections_.empty());
}

bool HttpConnections::open() {
  daemon_ = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0,
      nullptr, nullptr, &Calls::on_request, this,                                    //
      MHD_OPTION_NOTIFY_CONNECTION, &Calls::on_connection, this,                     //
      MHD_OPTION_URI_LOG_CALLBACK, &Calls::on_target, nullptr,                       //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, head_bytes_max,                            //
      MHD_OPTION_CONNECTION_LIMIT, static_cast<unsigned>(connections_max_ + 1),      //
      MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(stall_time_max.count()),  //
      MHD_OPTION_END);
  return daemon_ != nullptr;
}

int HttpConnections::epoll_fd() const {
  return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

// Deadlines are looked at this often while somebody is there.
std::chrono::milliseconds HttpConnections::wait_max() const {
  constexpr std::chrono::milliseconds look_every(100);
  if (connections_.empty()) return std::chrono::hours(1);
  MHD_UNSIGNED_LONG_LONG ms = 0;
  if (MHD_get_timeout(daemon_, &ms) != MHD_YES) return look_every;
  return std::min(look_every, std::chrono::milliseconds(ms));
}

void HttpConnections::run(Instant now) {
  now_ = now;
  ++runs_;
  MHD_run(daemon_);
  for (Connection& connection : connections_) {
    if (connection.phase != Phase::waiting && now >= connection.until) cut(connection);
  }
}

void HttpConnections::take(int fd, const net::Address& peer) {
  now_ = http_now();
  taking_ = &peer;
  MHD_add_connection(daemon_, fd, peer.data(), peer.size());  // Closes it on failure.
  taking_ = nullptr;
}

void HttpConnections::make_room() {
  for (const Phase phase : {Phase::reading, Phase::answering}) {
    const auto first = std::ranges::find_if(connections_, [&](const Connection& one) {
      return one.phase == phase && !one.cut && one.first_run < runs_;
    });
    if (first != connections_.end()) return cut(*first);
  }
}

void HttpConnections::cut_unfinished() {
  for (Connection& connection : connections_) {
    if (connection.phase == Phase::reading) cut(connection);
  }
}

// The library sees that it ended, and lets go of it.
void HttpConnections::cut(Connection& connection) {
  if (!std::exchange(connection.cut, true)) ::shutdown(connection.fd, SHUT_RDWR);
}

// --- From the head to the answer ------------------------------------------------

void HttpConnections::on_head(Connection& connection, const char* method) {
  connection.asked = true;
  connection.request.method = printable(method);
  MHD_get_connection_values(connection.mhd, MHD_HEADER_KIND, &add_header,
                            &connection.request.headers);
  if (announced_bytes(connection.request) > dropped_bytes_max) {
    connection.ready = ready(too_large());
    return;
  }
  HttpAnswer refusal;
  connection.route = routes_.find(connection.request, refusal);
  if (connection.route == nullptr) {
    // Told when the request has come to its end: an answer in its middle gets lost.
    connection.refusal = std::move(refusal);
  }
}

bool HttpConnections::on_body(Connection& connection, std::string_view bytes) {
  connection.body_bytes += bytes.size();
  if (connection.body_bytes > dropped_bytes_max) return false;
  if (connection.body_bytes > body_bytes_max) {
    connection.request.body.clear();
  } else if (connection.route != nullptr) {
    connection.request.body.append(bytes);
  }
  return true;
}

void HttpConnections::on_complete(Connection& connection) {
  if (connection.route == nullptr) {
    connection.ready = ready(std::move(connection.refusal));
  } else if (connection.body_bytes > body_bytes_max) {
    connection.ready = ready(too_large());
  } else if (connection.route->work == HttpWork::at_once) {
    connection.ready = ready(connection.route->answer(connection.request));
  } else if (connection.route->work == HttpWork::reused && reuse_ > Duration::zero()) {
    ask_reused(connection);
  } else {
    ask_maker(connection);
  }
}

// Nobody who waits is cut off: others must find room beside them.
bool HttpConnections::too_many_wait() const {
  const auto waiting = std::ranges::count_if(connections_, [](const Connection& one) {
    return one.phase == Phase::waiting && one.route->begin != nullptr;
  });
  return static_cast<std::size_t>(waiting) >= std::max<std::size_t>(connections_max_ / 2, 1);
}

void HttpConnections::ask_maker(Connection& connection) {
  if (connection.route->begin && too_many_wait()) {
    connection.ready = ready(in_words(503, "too many wait for this already: ask again later"));
    return;
  }
  const bool taken = maker_.ask({.route = connection.route,
                                 .request = std::move(connection.request),
                                 .deliver = [this, &connection](HttpAnswer answer) {
                                   hand_out(connection, ready(std::move(answer)));
                                 }});
  if (!taken) {
    connection.ready = ready(in_words(503, "ringway ends"));
    return;
  }
  connection.phase = Phase::waiting;
  MHD_suspend_connection(connection.mhd);
}

void HttpConnections::ask_reused(Connection& connection) {
  Reused& reused = reused_[connection.route];
  if (reused.last && now_ - reused.made_at < reuse_) {
    connection.ready = reused.last;
    return;
  }
  if (reused.waiting.empty()) {
    const bool taken = maker_.ask({.route = connection.route,
                                   .request = std::move(connection.request),
                                   .deliver = [this, &reused](HttpAnswer answer) {
                                     reused.last = ready(std::move(answer));
                                     reused.made_at = http_now();
                                     for (Connection* one : std::exchange(reused.waiting, {})) {
                                       hand_out(*one, *reused.last);
                                     }
                                   }});
    if (!taken) {
      connection.ready = ready(in_words(503, "ringway ends"));
      return;
    }
  }
  reused.waiting.push_back(&connection);
  connection.phase = Phase::waiting;
  MHD_suspend_connection(connection.mhd);
}

void HttpConnections::hand_out(Connection& connection, const Ready& ready) {
  connection.ready = ready;
  MHD_resume_connection(connection.mhd);
}

int HttpConnections::queue(Connection& connection) {
  connection.phase = Phase::answering;
  connection.until = now_ + answer_time_max;
  const Ready& ready = *connection.ready;
  return MHD_queue_response(connection.mhd, static_cast<unsigned>(ready.status),
                            ready.response.get());
}

HttpConnections::Ready HttpConnections::ready(HttpAnswer answer) {
  auto* body = new std::string(std::move(answer.body));
  const auto destroy = [](void* string) { delete static_cast<std::string*>(string); };
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), body->data(), destroy, body);
  RINGWAY_ASSERT(response != nullptr);
  MHD_add_response_header(response, "Content-Type", answer.content_type.c_str());
  MHD_add_response_header(response, "Connection", "close");
  if (answer.status == 401) MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
  if (!answer.allow.empty()) MHD_add_response_header(response, "Allow", answer.allow.c_str());
  return {answer.status, {response, &MHD_destroy_response}};
}

}  // namespace ringway::admin
