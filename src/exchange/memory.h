// How much memory one worker's clients may take, and what is due when it is much. What is
// lent for bytes and the objects that carry requests have a part each, for memory of objects
// never becomes memory for bytes again. Of its part
//
//   five eighths     room(): a value is begun only where it fits whole; what grows has blocks
//                    larger than it is, and it is copied on its way
//   three quarters   is_short(): who holds much is asked for no more
//   seven eighths    is_full(): clients between two requests are not read
//   all of it        is_over(): what is large is refused in any case
//   nine eighths     is_exhausted(): what is half there is refused, and so is any value
//
// so that who is half way gets through, and small requests are the last to wait.
#pragma once

#include <algorithm>
#include <cstdint>

#include "net/buffer_pool.h"

namespace ringway::proxy {

class Memory {
 public:
  // What a client costs before it says anything: its connection here and in the Io.
  static constexpr std::uint64_t client_bytes = 512;
  // What the process takes whatever clients do: code, log, configuration, HTTP.
  static constexpr std::uint64_t process_bytes = std::uint64_t{8} << 20;

  explicit Memory(const net::BufferPool& buffers) : buffers_(buffers) {}

  // The part of one of `workers` in memory_max, of which `needed` is not for clients. However
  // little that leaves, a quarter is for them.
  static std::uint64_t share(std::uint64_t memory_max, std::uint32_t workers,
                             std::uint64_t needed) {
    const std::uint64_t part = memory_max / workers;
    const std::uint64_t taken = process_bytes / workers + needed;
    return std::max(part / 4, part > taken ? part - taken : 0);
  }
  void set_unlimited() { bytes_max_ = objects_max_ = unlimited; }
  void set_share(std::uint64_t bytes) {
    objects_max_ = bytes / 4;
    bytes_max_ = bytes - objects_max_;
  }

  // `coming_back`: of what is used now, it will not be in a moment.
  bool is_short(std::uint64_t coming_back = 0) const { return beyond(6, coming_back); }
  bool is_full() const { return beyond(7, 0); }
  bool is_over() const { return used() > bytes_max_; }
  bool is_exhausted() const { return used() > bytes_max_ / 8 * 9; }
  // Whether so many more would be too many, with what was promised.
  bool is_over(std::uint64_t bytes) const { return used() + promised_ + bytes > bytes_max_; }
  bool is_exhausted(std::uint64_t bytes) const {
    return used() + promised_ + bytes > bytes_max_ / 8 * 9;
  }

  // What may be begun: all of it will be there at once, perhaps.
  std::uint64_t room(std::uint64_t coming_back = 0) const {
    const std::uint64_t all = used() + promised_;
    const std::uint64_t taken = all - std::min(all, coming_back);
    return taken < value_bytes_max() ? value_bytes_max() - taken : 0;
  }
  // Its part of memory_max; unlimited without one.
  std::uint64_t bytes_max() const { return bytes_max_; }
  // What will never fit.
  std::uint64_t value_bytes_max() const { return bytes_max_ / 8 * 5; }

  // Bytes that somebody has begun to send: they come, unless he fails.
  void promise(std::uint64_t bytes) { promised_ += bytes; }
  void keep_promise(std::uint64_t bytes) { promised_ -= bytes; }
  std::uint64_t promised() const { return promised_; }

  void set_clients(std::uint32_t count) { clients_bytes_ = count * client_bytes; }
  // The slabs count here.
  std::uint64_t& objects_bytes() { return objects_bytes_; }

 private:
  static constexpr std::uint64_t unlimited = std::uint64_t{1} << 60;

  std::uint64_t used() const { return buffers_.lent_bytes() + clients_bytes_; }
  bool beyond(std::uint64_t eighths, std::uint64_t coming_back) const {
    return used() > bytes_max_ / 8 * eighths + coming_back ||
           objects_bytes_ > objects_max_ / 8 * eighths;
  }

  const net::BufferPool& buffers_;
  std::uint64_t bytes_max_ = unlimited;
  std::uint64_t objects_max_ = unlimited;
  std::uint64_t promised_ = 0;
  std::uint64_t clients_bytes_ = 0;
  std::uint64_t objects_bytes_ = 0;
};

}  // namespace ringway::proxy
