// Opens an Io as a worker would and prints which it is and why, for tests of what
// happens where io_uring is refused. The argument is "auto" or "io_uring".
#include <cstdio>
#include <string_view>

#include "net/open_io.h"

int main(int argc, char** argv) {
  using namespace ringway::net;
  const bool only_uring = argc > 1 && std::string_view(argv[1]) == "io_uring";
  const auto choice = open_io(only_uring ? IoKind::io_uring : IoKind::automatic, IoSettings{});
  if (!choice) {
    std::printf("none: %s\n", choice.error().c_str());
    return 1;
  }
  choice->io->wait(choice->io->now(), {});
  std::printf("%s: %s\n", choice->name.c_str(), choice->why.c_str());
  return 0;
}
