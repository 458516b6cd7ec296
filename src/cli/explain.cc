// See explain.h. Words become keys here; what is told of a key is explanation.h's, and
// asking a running instance is live_question.h's.
#include "cli/explain.h"

#include <fmt/format.h>
#include <optional>
#include <span>

#include "cli/admin_client.h"
#include "cli/live_question.h"
#include "explain/explanation.h"
#include "explain/key_text.h"
#include "explain/offline_snapshot.h"

namespace ringway::cli {
namespace {

using Words = std::span<const std::string>;

std::optional<std::vector<std::string>> keys_of(Words words, bool base64, std::ostream& err) {
  std::vector<std::string> keys;
  for (const std::string& word : words) {
    auto key = key_of_word(word, base64);
    if (!key) {
      err << key.error() << "\n";
      return std::nullopt;
    }
    keys.push_back(std::move(*key));
  }
  return keys;
}

int usage(std::string_view what, std::ostream& err) {
  err << what << "; see ringway explain --help\n";
  return exit_error;
}

int explain_file(const ExplainOptions& options, Streams streams) {
  const auto words = Words(options.words);
  if (words.size() < 2) return usage("name a file and at least one key", streams.err);
  const auto keys = keys_of(words.subspan(1), options.base64, streams.err);
  const auto snapshot = offline_snapshot(words[0], streams.err);
  if (!keys || !snapshot) return exit_error;
  const auto listeners = listeners_named(*snapshot, options.listener);
  if (listeners.empty()) {
    streams.err << no_such_listener(*snapshot, options.listener) << "\n";
    return exit_error;
  }
  const auto live = all_live(*snapshot);
  std::vector<Explanation> all;
  for (const std::string& key : *keys) {
    for (const auto* listener : listeners) all.push_back(explain(*snapshot, *listener, key, live));
  }
  if (options.json) {
    streams.out << as_json(all);
  } else {
    for (const Explanation& one : all) streams.out << as_text(one);
  }
  return exit_ok;
}

Result<std::string> live_answers(const ExplainOptions& options,
                                 const std::vector<std::string>& keys) {
  const auto token = token_of(options.token_file);
  if (!token) return token;
  if (const auto known = is_ringway({.address = options.live, .token = *token, .path = {}});
      !known) {
    return std::unexpected(known.error());
  }
  std::vector<std::string> answers;
  std::string text;
  for (const std::string& key : keys) {
    auto answer = asked_live({options.live, *token, key, options.listener, options.json});
    if (!answer) return answer;
    text += *answer;
    answers.push_back(std::move(*answer));
  }
  return options.json ? joined_json(answers) : text;
}

int explain_live(const ExplainOptions& options, Streams streams) {
  if (options.words.empty()) return usage("name at least one key", streams.err);
  const auto keys = keys_of(options.words, options.base64, streams.err);
  if (!keys) return exit_error;
  const auto answers = live_answers(options, *keys);
  if (!answers) {
    streams.err << answers.error() << "\n";
    return exit_error;
  }
  streams.out << *answers;
  return exit_ok;
}

}  // namespace

int explain(const ExplainOptions& options, Streams streams) {
  return options.live.empty() ? explain_file(options, streams) : explain_live(options, streams);
}

}  // namespace ringway::cli
