// The command line: subcommands, their flags, their help.
#pragma once

namespace ringway::cli {

// Runs what the arguments ask for; returns the process's exit status.
int command_line(int argc, char** argv);

}  // namespace ringway::cli
