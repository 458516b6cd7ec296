// The command line: subcommands, their flags, their help. What they do stands in a
// file each; here words become calls. Nobody above main() needs more than this.
#pragma once

namespace ringway::cli {

// Runs what the arguments ask for; returns the process's exit status.
int command_line(int argc, char** argv);

}  // namespace ringway::cli
