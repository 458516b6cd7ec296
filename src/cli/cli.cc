// CLI11 knows the flags; each subcommand is a function of its own. A first word
// that is no subcommand is a file to run: `ringway ringway.toml`.
#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "ringway/config/units.h"

#include "cli/check.h"
#include "cli/command_words.h"
#include "cli/diff.h"
#include "cli/explain.h"
#include "cli/output.h"
#include "cli/reload.h"
#include "cli/verify.h"
#include "daemon/run.h"
#include "daemon/signals.h"
#include "import/import.h"

namespace ringway::cli {
namespace {

constexpr const char* description =
    "ringway: a sharding router for memcached and Redis.\n"
    "It hashes each key to the server of a pool that owns it and carries the traffic.";

constexpr const char* footer =
    "Short forms: `ringway FILE` is `ringway run FILE`; without a file,\n"
    "`ringway --listen 127.0.0.1:11311 --servers 10.0.0.1:11211,10.0.0.2:11211`.\n"
    "Signals: SIGHUP reopens log files and reloads its file; SIGUSR1 reopens log files and does\n"
    "nothing else; SIGTERM and SIGINT end it in good order (twice: at once).";

constexpr const char* without_a_file =
    "without a file there are no metrics and no admin address: no /metrics, /healthz, /readyz, "
    "/status, and no `ringway reload`\n";

struct Arguments {
  std::string file;
  CheckOptions check;
  OneLine one_line;
  std::vector<std::string> import_files;
  DiffOptions diff;
  ExplainOptions explain;
  ReloadOptions reload;
  VerifyOptions verify;
};

void add_run(CLI::App& app, Arguments& arguments, int& status) {
  CLI::App* command = app.add_subcommand("run", "Run the router that FILE describes");
  CLI::Option* file = command->add_option("FILE", arguments.file, "Configuration (TOML)");
  CLI::Option* listen = command->add_option("--listen", arguments.one_line.listen,
                                            "Without a file: listen here (host:port, unix:/path); "
                                            "metrics and admin are off then");
  CLI::Option* servers = command->add_option("--servers", arguments.one_line.servers,
                                             "Without a file: the pool, A,B,C");
  listen->delimiter(',')->needs(servers)->excludes(file);
  servers->delimiter(',')->needs(listen)->excludes(file);
  command->callback([&, file, listen] {
    if (file->count() + listen->count() == 0) throw CLI::RequiredError("FILE");
    if (file->count() == 0) std::cerr << without_a_file;
    status = file->count() > 0 ? run(arguments.file) : run(arguments.one_line);
  });
}

void add_check(CLI::App& app, Arguments& arguments, int& status) {
  CLI::App* command =
      app.add_subcommand("check", "Say everything that is wrong with FILE, without running it");
  CheckOptions& options = arguments.check;
  command->add_option("FILE", options.file, "Configuration (TOML)")->required();
  command->add_flag("--print", options.print, "Print the effective configuration");
  command->add_flag("--strict-dns", options.strict_dns,
                    "Look up the names of servers: one that does not resolve is an error");
  command->add_flag("--werror", options.werror, "Take warnings for errors");
  command->add_option("--instances", options.instances,
                      "Tell what each server gets from so many ringways");
  command->callback([&] { status = check(options, {std::cout, std::cerr}); });
}

void add_import(CLI::App& app, Arguments& arguments, int& status) {
  CLI::App* command = app.add_subcommand(
      "import", "Print twemproxy's configuration as ringway's: every key stays where it is");
  command->add_option("FILE", arguments.import_files, "nutcracker.yml, one or several")->required();
  command->callback([&] { status = import(arguments.import_files, {std::cout, std::cerr}); });
}

void add_diff(CLI::App& app, Arguments& arguments, int& status) {
  DiffOptions& options = arguments.diff;
  CLI::App* command =
      app.add_subcommand("diff", "Tell what changes from OLD to NEW, and which keys move");
  command->add_option("OLD", options.before, "Configuration (TOML, or a nutcracker.yml)")
      ->required();
  command->add_option("NEW", options.after, "The same")->required();
  command->add_flag("--json", options.json, "For programs");
  const auto take_share = [&](const std::string& text) {
    const auto share = config::parse_share(text);
    if (!share) throw CLI::ValidationError("--max-moved", share.error());
    options.max_moved = *share;
  };
  command->add_option_function<std::string>(
      "--max-moved", take_share,
      "Exit with 2 if a reload with this [reload] max_moved were "
      "refused, or more of a small pool's keys move: "
      "\"10%\"");
  command->callback([&] { status = diff(options, {std::cout, std::cerr}); });
}

void add_explain(CLI::App& app, Arguments& arguments, int& status) {
  ExplainOptions& options = arguments.explain;
  CLI::App* command = app.add_subcommand("explain", "Tell which server keys belong to, and why");
  command->add_option("FILE_and_KEYs", options.words,
                      "Configuration (TOML, or a nutcracker.yml), then keys; with --live keys "
                      "alone. b64:... is a key in base64; after -- a key may begin with -");
  command->add_option("--live", options.live, "Ask the running ringway with this admin address");
  command->add_option("--token-file", options.token_file, "With --live: its admin.token_file");
  command->add_option("--listener", options.listener, "Of several, only this one");
  command->add_flag("--base64", options.base64, "Every key is given in base64");
  command->add_flag("--json", options.json, "For programs");
  command->callback([&] { status = explain(options, {std::cout, std::cerr}); });
}

void add_reload(CLI::App& app, Arguments& arguments, int& status) {
  ReloadOptions& options = arguments.reload;
  CLI::App* command = app.add_subcommand(
      "reload", "Let the running ringway read its configuration again, and tell the outcome");
  command->add_option("--live", options.live, "Its admin address")->capture_default_str();
  command->add_option("--token-file", options.token_file, "Its admin.token_file");
  command->add_flag("--accept-moved", options.accept_moved,
                    "However many keys move, and however many servers go");
  const auto take_time = [&](const std::string& text) {
    const auto time = config::parse_duration(text);
    if (!time) throw CLI::ValidationError("--timeout", time.error());
    if (*time <= Duration::zero()) throw CLI::ValidationError("--timeout", "there must be some");
    options.timeout = *time;
  };
  command->add_option_function<std::string>("--timeout", take_time,
                                            "Wait so long for the outcome: \"5m\" [\"30s\"]");
  command->callback([&] { status = reload(options, {std::cout, std::cerr}); });
}

void add_verify(CLI::App& app, Arguments& arguments, int& status) {
  constexpr std::uint32_t keys_max = 1'000'000;
  VerifyOptions& options = arguments.verify;
  CLI::App* command = app.add_subcommand(
      "verify", "Write keys through a running proxy, and find them where FILE says");
  command->add_option("FILE", options.file, "Configuration (TOML, or a nutcracker.yml)")
      ->required();
  command->add_option("--through", options.through, "Address of the proxy")->required();
  command->add_option("--keys", options.keys, "How many keys")
      ->capture_default_str()
      ->check(CLI::Range(1u, keys_max));
  command->add_option("--listener", options.listener, "Of several in FILE, this one");
  command->callback([&] { status = verify(options, {std::cout, std::cerr}); });
}

int told(const CLI::App& app, const CLI::ParseError& error) {
  const int code = app.exit(error);
  if (const std::string likely = likely_option(app); code != 0 && !likely.empty()) {
    std::cerr << likely << "\n";
  }
  return code == 0 ? exit_ok : exit_error;
}

int parsed(CLI::App& app, const CommandWords& given, const int& status) {
  if (given.empty()) {
    std::cout << app.help();
    return exit_error;
  }
  if (const std::string what = stranger(app, given); !what.empty()) {
    std::cerr << what << "\n";
    return exit_error;
  }
  try {
    const CommandWords words = written_out(app, given);
    if (words.front() != "run") Signals::release();
    app.parse(CommandWords(words.rbegin(), words.rend()));  // CLI11 takes them from the back.
  } catch (const CLI::ParseError& error) {
    return told(app, error);
  }
  return status;
}

}  // namespace

int command_line(int argc, char** argv) {
  CLI::App app(description, "ringway");
  app.footer(footer);
  app.set_version_flag("-V,--version", "ringway " RINGWAY_VERSION);
  app.require_subcommand(1);
  Arguments arguments;
  int status = 0;
  add_run(app, arguments, status);
  add_check(app, arguments, status);
  add_import(app, arguments, status);
  add_diff(app, arguments, status);
  add_explain(app, arguments, status);
  add_reload(app, arguments, status);
  add_verify(app, arguments, status);
  return after_output(parsed(app, CommandWords(argv + 1, argv + argc), status), std::cerr);
}

}  // namespace ringway::cli
