// See command_words.h. A first word that is neither a subcommand nor an option is a file:
// only if there is none is it looked at as a mistyped subcommand.
#include "cli/command_words.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "config/nearest.h"
#include "explain/key_text.h"

namespace ringway::cli {
namespace {

constexpr std::string_view of_twemproxy[] = {"-t",
                                             "-c",
                                             "-d",
                                             "-D",
                                             "-o",
                                             "-s",
                                             "-a",
                                             "-i",
                                             "-p",
                                             "-m",
                                             "--test-conf",
                                             "--conf-file",
                                             "--daemonize",
                                             "--describe-stats",
                                             "--verbose",
                                             "--output",
                                             "--stats-port",
                                             "--stats-addr",
                                             "--stats-interval",
                                             "--pid-file",
                                             "--mbuf-size"};

std::vector<std::string> subcommands(const CLI::App& app) {
  std::vector<std::string> names{"help"};
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

bool is_subcommand(const CLI::App& app, const std::string& word) {
  return std::ranges::count(subcommands(app), word) > 0;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  return config::suggestion(word, std::vector<std::string_view>(known.begin(), known.end()));
}

// CLI11 takes "[a,b]" and "{}" for lists: keys that look so go in another form.
void keep_keys(CommandWords& words) {
  for (std::string& word : words) {
    const bool list = word.starts_with('[') && word.ends_with(']');
    if (list || word == "{}") word = word_of_key(word);
  }
}

// Behind "--" nothing is an option. CLI11 does not see it so within a subcommand.
void keep_after_dashes(CommandWords& words) {
  const auto dashes = std::ranges::find(words, "--");
  if (dashes == words.end()) return;
  for (auto word = dashes + 1; word != words.end(); ++word) {
    if (!word->starts_with('-')) continue;
    *word = words[0] == "explain" ? word_of_key(*word) : "./" + *word;
  }
  words.erase(dashes);
}

bool of_run(const std::string& word) {
  return !word.starts_with("-") || word.starts_with("--listen") || word.starts_with("--servers") ||
         word == "--";
}

}  // namespace

CommandWords written_out(const CLI::App& app, CommandWords words) {
  if (words.empty()) return words;
  if (words[0] == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  if (of_run(words[0]) && !is_subcommand(app, words[0])) words.insert(words.begin(), "run");
  if (words[0] == "explain") keep_keys(words);
  keep_after_dashes(words);
  return words;
}

std::string stranger(const CLI::App& app, const CommandWords& words) {
  // As in `ringway help chek`.
  const std::string& word = words.size() > 1 && words[0] == "help" ? words[1] : words[0];
  if (std::ranges::count(of_twemproxy, word.substr(0, word.find('='))) > 0) {
    return fmt::format(
        "{} is an option of twemproxy: here `ringway FILE` runs, `ringway check FILE` tests, and "
        "`ringway import nutcracker.yml` makes such a file; what -s, -o and the like set is in it",
        word);
  }
  if (word.starts_with("-") || word.find_first_of("./") != word.npos) return "";
  if (is_subcommand(app, word) || ::access(word.c_str(), F_OK) == 0) return "";
  return fmt::format("'{}' is no subcommand, and there is no such file: {}", word,
                     suggestion(word, subcommands(app)));
}

std::string likely_option(const CLI::App& app) {
  const auto strange = app.remaining(true);
  const auto option = std::ranges::find_if(
      strange, [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); });
  if (option == strange.end()) return "";
  std::vector<std::string> known;
  const auto used = app.get_subcommands();
  for (const CLI::Option* one : (used.empty() ? app : *used.front()).get_options()) {
    for (const std::string& name : one->get_lnames()) known.push_back("--" + name);
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto near = config::nearest(option->substr(0, option->find('=')), views);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

}  // namespace ringway::cli
