// The connections of one site, one request each, as libmicrohttpd serves them: it reads,
// parses and writes; what may be asked, how long that may take and who goes first when
// there are too many is decided here. The loop's thread alone.
//
//   taken -> reading -> (waiting for the maker) -> answering -> gone
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ringway/base/time.h"

#include "admin/http.h"
#include "admin/http_maker.h"
#include "net/address.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

namespace ringway::admin {

class HttpConnections {
 public:
  static constexpr Duration request_time_max = std::chrono::seconds(2);  // Until it is complete.
  static constexpr Duration answer_time_max = std::chrono::seconds(10);  // Until it is gone.
  static constexpr std::chrono::seconds stall_time_max{2};               // Without any progress.
  static constexpr std::size_t head_bytes_max = 24 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024;
  // What is beyond body_bytes_max is read and dropped up to here: closing a socket with
  // unread input resets it, and the refusal is lost.
  static constexpr std::size_t dropped_bytes_max = 1024 * 1024;

  // `reuse`: for how long what HttpWork::reused made is handed out again.
  HttpConnections(HttpRoutes routes, HttpMaker& maker, std::size_t connections_max, Duration reuse);
  // Nothing of it may be with the maker any more.
  ~HttpConnections();
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;

  // False if the system has no room for it.
  bool open();

  // Becomes readable when run() has something to do, as it has after wait_max().
  int epoll_fd() const;
  std::chrono::milliseconds wait_max() const;
  // Reads, answers, writes, and cuts off whoever is late.
  void run(Instant now);

  // Takes the fd over.
  void take(int fd, const net::Address& peer);
  bool full() const { return connections_.size() >= connections_max_; }
  bool empty() const { return connections_.empty(); }
  // Cuts off who came first of those that ringway does not owe an answer yet, else of
  // those that take theirs slowly; nobody who came in the last run().
  void make_room();
  // The end: cuts off whoever has not finished asking.
  void cut_unfinished();

 private:
  enum class Phase : std::uint8_t { reading, waiting, answering };
  // Shared by all who are given the same.
  struct Ready {
    int status = 0;
    std::shared_ptr<MHD_Response> response;
  };
  struct Connection {
    HttpConnections* owner = nullptr;
    MHD_Connection* mhd = nullptr;
    int fd = -1;
    Phase phase = Phase::reading;
    Instant until{};
    bool asked = false;  // The head was read.
    bool cut = false;
    std::uint64_t first_run = 0;
    HttpRequest request;
    const HttpRoute* route = nullptr;
    HttpAnswer refusal;  // Where there is no route.
    std::size_t body_bytes = 0;
    std::optional<Ready> ready;
  };
  struct Reused {
    std::optional<Ready> last;
    Instant made_at{};
    std::vector<Connection*> waiting;  // Not empty: it is being made.
  };
  struct Calls;  // What libmicrohttpd calls.

  static Ready ready(HttpAnswer answer);
  bool too_many_wait() const;
  void on_head(Connection& connection, const char* method);
  bool on_body(Connection& connection, std::string_view bytes);
  // Has the answer in `connection.ready`, or has suspended it until there is one.
  void on_complete(Connection& connection);
  void ask_maker(Connection& connection);
  void ask_reused(Connection& connection);
  void hand_out(Connection& connection, const Ready& ready);
  int queue(Connection& connection);
  static void cut(Connection& connection);

  const HttpRoutes routes_;
  HttpMaker& maker_;
  const std::size_t connections_max_;
  const Duration reuse_;
  MHD_Daemon* daemon_ = nullptr;
  Instant now_{};
  std::uint64_t runs_ = 0;
  const net::Address* taking_ = nullptr;  // Whom take() is taking.
  std::list<Connection> connections_;     // In the order in which they came.
  std::map<const HttpRoute*, Reused> reused_;
};

}  // namespace ringway::admin
