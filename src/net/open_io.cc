// io_uring first, epoll where it is refused, and the sentence that says so: a router
// that runs slower than it could must not keep it to itself.
#include "net/open_io.h"

#include <cstring>

#include "net/epoll_io.h"
#include "net/uring_io.h"
#include "net/uring_probe.h"

namespace ringway::net {
namespace {

std::string describe(TaskRun task_run) {
  switch (task_run) {
    case TaskRun::deferred: return "the kernel allows it";
    case TaskRun::cooperative:
      return "the kernel allows it, without deferred task running (Linux 6.1 has it)";
    case TaskRun::plain:
      return "the kernel allows it, without cooperative task running (Linux 5.19 has it)";
  }
  return {};
}

Result<IoChoice> open_epoll(const IoSettings& settings, std::string why) {
  auto io = EpollIo::open(settings);
  if (!io) return failure(std::string("cannot open epoll: ") + std::strerror(io.error()));
  return IoChoice{.io = std::move(*io), .name = "epoll", .why = std::move(why)};
}

}  // namespace

Result<IoChoice> open_io(IoKind kind, const IoSettings& settings) {
  if (kind == IoKind::epoll) return open_epoll(settings, "io = \"epoll\" asks for it");
  auto uring = UringIo::open(settings);
  if (uring) {
    std::string why = describe((*uring)->task_run());
    return IoChoice{.io = std::move(*uring), .name = "io_uring", .why = std::move(why)};
  }
  const std::string refusal = explain_refusal(uring.error().error, read_kernel_facts());
  if (kind == IoKind::io_uring) return failure("io_uring is refused: " + refusal);
  return open_fallback(settings, "io_uring is refused: " + refusal);
}

Result<IoChoice> open_fallback(const IoSettings& settings, std::string why) {
  auto choice = open_epoll(settings, std::move(why));
  if (choice) choice->fallback = true;
  return choice;
}

}  // namespace ringway::net
