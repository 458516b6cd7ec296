// The program's door: everything it can do is a subcommand in cli/.
#include "cli/cli.h"

int main(int argc, char** argv) {
  return ringway::cli::command_line(argc, argv);
}
