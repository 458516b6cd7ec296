// CLI11 knows the flags; each subcommand is a function of its own. A first word
// that is no subcommand is a file to run: `ringway ringway.toml`.
#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "ringway/config/units.h"

#include "cli/check.h"
#include "cli/diff.h"
#include "cli/explain.h"
#include "cli/import.h"
#include "cli/key_text.h"
#include "cli/reload.h"
#include "cli/run.h"
#include "cli/verify.h"

namespace ringway::cli {
namespace {

constexpr const char* description =
    "ringway: a sharding router for memcached and Redis.\n"
    "It hashes each key to the server of a pool that owns it and carries the traffic.";

constexpr const char* footer =
    "Short forms: `ringway FILE` is `ringway run FILE`; without a file,\n"
    "`ringway --listen 127.0.0.1:11311 --servers 10.0.0.1:11211,10.0.0.2:11211`.\n"
    "Signals: SIGHUP reloads its file; SIGUSR1 reopens log files and does nothing else; SIGTERM\n"
    "and SIGINT end it in good order (twice: at once).";

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
                                            "Without a file: listen here (host:port, unix:/path)");
  CLI::Option* servers = command->add_option("--servers", arguments.one_line.servers,
                                             "Without a file: the pool, A,B,C");
  listen->delimiter(',')->needs(servers)->excludes(file);
  servers->delimiter(',')->needs(listen)->excludes(file);
  command->callback([&, file, listen] {
    if (file->count() + listen->count() == 0) throw CLI::RequiredError("FILE");
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
                      "alone. b64:... is a key in base64; after -- anything is a key");
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

// CLI11 takes "[a,b]" and "{}" for lists: keys that look so go in another form.
std::vector<std::string> with_keys_kept(std::vector<std::string> words) {
  for (std::string& word : words) {
    const bool list = word.starts_with('[') && word.ends_with(']');
    if (words[0] == "explain" && (list || word == "{}")) word = word_of_key(word);
  }
  return words;
}

// `ringway FILE` becomes `ringway run FILE`, and `ringway --listen` likewise.
std::vector<std::string> with_short_form(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto known = [&](const std::string& word) {
    return !app.get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; })
                .empty();
  };
  const auto of_run = [](const std::string& word) {
    return !word.starts_with("-") || word.starts_with("--listen") || word.starts_with("--servers");
  };
  if (!words.empty() && of_run(words[0]) && !known(words[0])) {
    words.insert(words.begin(), "run");
  }
  if (!words.empty()) words = with_keys_kept(std::move(words));
  // CLI11 takes its words from the back.
  return {words.rbegin(), words.rend()};
}

}  // namespace

int command_line(int argc, char** argv) {
  CLI::App app(description, "ringway");
  app.footer(footer);
  app.set_version_flag("--version", "ringway " RINGWAY_VERSION);
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
  if (argc < 2) {
    std::cout << app.help();
    return 1;
  }
  try {
    app.parse(with_short_form(app, argc, argv));
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 1;
  }
  return status;
}

}  // namespace ringway::cli
