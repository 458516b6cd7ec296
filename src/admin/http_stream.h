// One accepted connection as http_server reads and writes it: never blocks beyond its
// deadline, never takes more bytes than a request may have, gives up when the server
// stops. No HTTP in here.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace ringway::admin {

class HttpStream {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::seconds request_time_max{2};  // Until the request is complete.
  static constexpr std::chrono::seconds stall_time_max{2};    // Without progress of the answer.
  static constexpr std::chrono::seconds answer_time_max{10};  // Until the answer is gone.
  static constexpr std::chrono::milliseconds linger_time_max{500};
  static constexpr std::size_t head_bytes_max = 16 * 1024;
  static constexpr std::size_t request_bytes_max = 96 * 1024;  // Head and body.

  // Takes the fds on loan; `stop_fd` becomes readable when the server stops.
  HttpStream(int fd, int stop_fd);

  // Up to and with the empty line that ends a request's head; what follows is left for
  // read(). Without such a line what there is, at most head_bytes_max.
  std::string read_head();

  // As recv(): 0 at the end, -1 on failure, deadline or limit.
  std::ptrdiff_t read(char* out, std::size_t size);

  // All of it, or false.
  bool write(std::string_view bytes);

  // Closing a socket with unread input resets it, and the answer just written is lost:
  // says that no more will come, then drops what the client still sends, for a moment.
  // Not needed after a request that was read to its end.
  void finish();

  bool answered() const { return answer_deadline_ != Clock::time_point{}; }
  bool input_left() const { return begin_ != end_; }

 private:
  std::ptrdiff_t fill();
  bool wait_readable(Clock::time_point deadline);
  bool wait_writable(Clock::time_point deadline);

  const int fd_;
  const int stop_fd_;
  const Clock::time_point request_deadline_;
  Clock::time_point answer_deadline_{};  // Unset until the answer begins.
  std::size_t request_bytes_left_ = request_bytes_max;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  char buffer_[4096];
};

}  // namespace ringway::admin
