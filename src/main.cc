// The program's door. Everything it can do is a subcommand in cli/, so nothing that
// could be tested ever stands here.
#include "cli/cli.h"
#include "daemon/signals.h"

int main(int argc, char** argv) {
  ringway::cli::Signals::hold();
  return ringway::cli::command_line(argc, argv);
}
