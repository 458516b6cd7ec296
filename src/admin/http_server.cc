// The threads of the HTTP addresses, and the one place that includes cpp-httplib.
// Every thread waits on the same listener and serves whom it accepts, so there is no
// queue of ours: who finds all threads busy waits in the backlog.
#include "admin/http_server.h"

#include <algorithm>
#include <array>
#include <httplib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "ringway/base/assert.h"

#include "admin/http_stream.h"
#include "net/address.h"
#include "net/listener_socket.h"

namespace ringway::admin {
namespace {

constexpr std::size_t threads_count = 4;
constexpr int backlog = 64;
constexpr mode_t unix_socket_mode = 0660;
constexpr int accept_pause_ms = 100;  // After an accept that failed for lack of something.

// What cpp-httplib would do with these headers, we do not want: parse 8 KiB of ranges by
// a recursive regex (3 MB of stack), compress (megabytes of memory), unpack, parse forms.
constexpr std::array<std::string_view, 4> dropped_headers = {"range", "accept-encoding",
                                                             "content-encoding", "content-type"};

constexpr std::string_view head_too_large =
    "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    "Connection: close\r\nContent-Length: 0\r\n\r\n";

// HttpStream in the form that cpp-httplib reads from, after a head that was read
// already. The fd stays hidden.
class LibraryStream final : public httplib::Stream {
 public:
  LibraryStream(std::string_view head, HttpStream& stream) : head_(head), stream_(stream) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* out, size_t size) override {
    if (head_.empty()) return stream_.read(out, size);
    const std::size_t count = head_.copy(out, size);
    head_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, size_t size) override {
    return stream_.write({data, size}) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }

 private:
  std::string_view head_;
  HttpStream& stream_;
};

HttpRequest translated(const httplib::Request& from) {
  HttpRequest request;
  request.method = from.method;
  request.path = from.target.substr(0, from.target.find('?'));
  request.headers.assign(from.headers.begin(), from.headers.end());
  request.query.assign(from.params.begin(), from.params.end());
  request.body = from.body;
  return request;
}

void put(httplib::Response& response, const HttpAnswer& answer) {
  response.status = answer.status;
  response.set_content(answer.body, answer.content_type);
  if (answer.status == 401) response.set_header("WWW-Authenticate", "Bearer");
  if (!answer.allow.empty()) response.set_header("Allow", answer.allow);
}

// The library would wait for a body without a length until the client leaves, as after
// `curl -X POST`; and it finds handlers by regex, where our routes read the target.
void tame(httplib::Request& request) {
  request.path = "/";
  if (!request.has_header("Transfer-Encoding") && !request.has_header("Content-Length")) {
    request.set_header("Content-Length", "0");
  }
}

HttpAnswer refusal_without_text(int status) {
  switch (status) {
    case 413: return {.status = status, .body = "the body is too large: at most 64 KiB\n"};
    case 414: return {.status = status, .body = "the path is too long\n"};
    default: return {.status = status, .body = "the request is not understood\n"};
  }
}

// cpp-httplib's server without its sockets and threads: parses, asks our routes, writes.
class Engine final : private httplib::Server {
 public:
  explicit Engine(HttpRoutes routes) : routes_(std::move(routes)) {
    using httplib::Request;
    using httplib::Response;
    set_payload_max_length(HttpServer::body_bytes_max);
    set_keep_alive_max_count(1);
    set_pre_routing_handler(
        [this](const Request& request, Response& response) { return route(request, response); });
    Post("/", [this](const Request& request, Response& response) { answer(request, response); });
    set_error_handler([](const Request&, Response& response) {
      if (response.body.empty()) put(response, refusal_without_text(response.status));
    });
    set_exception_handler([](const Request&, Response& response, std::exception_ptr) {
      put(response, {.status = 500, .body = "ringway failed to answer this\n"});
    });
  }

  void serve(HttpStream& stream) {
    const std::string head = stream.read_head();
    if (head.ends_with("\n\r\n")) {
      if (serve_after(head, stream)) return;
    } else if (head.size() == HttpStream::head_bytes_max) {
      stream.write(head_too_large);
    }
    if (stream.answered()) stream.finish();
  }

 private:
  // True if the request was read to its end.
  bool serve_after(std::string_view head, HttpStream& stream) {
    const std::string tamed_head = without_headers(head, dropped_headers);
    LibraryStream as_library(tamed_head, stream);
    bool closed = false;
    bool has_body = true;
    process_request(as_library, true, closed, [&has_body](httplib::Request& request) {
      tame(request);
      has_body = request.get_header_value("Content-Length") != "0";
    });
    return !has_body && !stream.input_left();
  }

  // Before any body is read: refuses, or answers what has none.
  HandlerResponse route(const httplib::Request& request, httplib::Response& response) {
    HttpRequest ours = translated(request);
    HttpAnswer refusal;
    const HttpRoute* found = routes_.find(ours, refusal);
    if (found != nullptr && found->method == "POST") return HandlerResponse::Unhandled;
    put(response, found == nullptr ? refusal : found->answer(ours));
    return HandlerResponse::Handled;
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    HttpRequest ours = translated(request);
    HttpAnswer refusal;
    const HttpRoute* found = routes_.find(ours, refusal);
    put(response, found == nullptr ? refusal : found->answer(ours));
  }

  const HttpRoutes routes_;
};

}  // namespace

struct HttpServer::State {
  explicit State(HttpRoutes routes) : engine(std::move(routes)) {}

  void run();
  void serve_one();

  Engine engine;
  int listener = -1;
  int stop_event = -1;
  std::array<std::thread, threads_count> threads;
};

HttpServer::HttpServer(std::vector<HttpRoute> routes, HttpGuard guard)
    : state_(std::make_unique<State>(HttpRoutes(std::move(routes), std::move(guard)))) {}

HttpServer::~HttpServer() {
  stop();
}

Result<void> HttpServer::start(std::string_view bind) {
  RINGWAY_ASSERT(state_->listener < 0);
  const auto opened = net::open_listener(bind, backlog, unix_socket_mode);
  if (!opened) return std::unexpected(opened.error());
  state_->stop_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state_->stop_event < 0) {
    net::close_listener(*opened);
    return failure("cannot start an HTTP server: no file is left to open");
  }
  state_->listener = *opened;
  // Whoever connects and says nothing (browsers do, ahead of time) waits in the kernel
  // instead of in a thread. Fails harmlessly on unix sockets.
  const auto seconds = static_cast<int>(HttpStream::request_time_max.count());
  ::setsockopt(*opened, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
  for (std::thread& thread : state_->threads) thread = std::thread([this] { state_->run(); });
  return {};
}

void HttpServer::stop() {
  if (state_->listener < 0) return;
  const auto own = [](const std::thread& t) { return t.get_id() == std::this_thread::get_id(); };
  RINGWAY_ASSERT(std::ranges::none_of(state_->threads, own));
  const std::uint64_t one = 1;
  const auto written = ::write(state_->stop_event, &one, sizeof one);
  RINGWAY_ASSERT(written == sizeof one);
  for (std::thread& thread : state_->threads) thread.join();
  net::close_listener(std::exchange(state_->listener, -1));
  ::close(std::exchange(state_->stop_event, -1));
}

std::uint16_t HttpServer::port() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (state_->listener < 0 || ::getsockname(state_->listener, address, &length) != 0) return 0;
  return net::Address::from(address, length).port();
}

void HttpServer::State::run() {
  pthread_setname_np(pthread_self(), "http");
  for (;;) {
    pollfd fds[] = {{listener, POLLIN, 0}, {stop_event, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;  // EINTR.
    if (fds[1].revents != 0) return;
    serve_one();
  }
}

void HttpServer::State::serve_one() {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;  // Another had it.
    pollfd stopping{stop_event, POLLIN, 0};
    ::poll(&stopping, 1, accept_pause_ms);
    return;
  }
  try {
    HttpStream stream(fd, stop_event);
    engine.serve(stream);
  } catch (const std::exception&) {
    // Out of memory, or the library at its wits' end: this client is dropped.
  }
  ::close(fd);
}

}  // namespace ringway::admin
