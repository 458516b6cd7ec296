// One value: read from a node with its type and limits checked, printed as TOML,
// and its form told to a reader of the reference. One set of three per type.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ringway/base/time.h"
#include "ringway/config/config.h"

#include "config/tree.h"
#include "config/words.h"

namespace ringway::config {

// Inclusive; of durations in nanoseconds, of sizes in bytes.
struct Limits {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

// What is wrong with a value; its place is the node's.
struct Complaint {
  std::string what;
  std::string hint;
  Severity severity = Severity::error;
};

using Verdict = std::optional<Complaint>;  // Nothing: it was read.

Verdict read_value(const Node& node, const Limits& limits, std::string& into);
Verdict read_value(const Node& node, const Limits& limits, bool& into);
Verdict read_value(const Node& node, const Limits& limits, std::uint32_t& into);
Verdict read_value(const Node& node, const Limits& limits, std::uint64_t& into);  // A size.
Verdict read_value(const Node& node, const Limits& limits, MaybeBytes& into);
Verdict read_value(const Node& node, const Limits& limits, MaybeCount& into);
Verdict read_value(const Node& node, const Limits& limits, Duration& into);
Verdict read_value(const Node& node, const Limits& limits, MaybeTime& into);
Verdict read_value(const Node& node, const Limits& limits, double& into);  // A share.
Verdict read_value(const Node& node, const Limits& limits, std::vector<std::string>& into);

// "0660", always in quotes: a number would be read as decimal.
Verdict read_file_mode(const Node& node, std::uint32_t& into);
std::string print_file_mode(std::uint32_t mode);

std::string quoted(std::string_view text);     // As a TOML string that keeps "${" as it is.
std::string quoted_key(std::string_view key);  // Bare where TOML allows it.
std::string print_value(const std::string& value);
std::string print_value(bool value);
std::string print_value(std::uint32_t value);
std::string print_value(std::uint64_t value);
std::string print_value(const MaybeBytes& value);
std::string print_value(const MaybeCount& value);
std::string print_value(Duration value);
std::string print_value(const MaybeTime& value);
std::string print_value(double value);
std::string print_value(const std::vector<std::string>& value);

// What the reference says of the type: `"auto", "io_uring" or "epoll"`.
std::string form_of(const std::string*, const Limits&);
std::string form_of(const bool*, const Limits&);
std::string form_of(const std::uint32_t*, const Limits&);
std::string form_of(const std::uint64_t*, const Limits&);
std::string form_of(const MaybeBytes*, const Limits&);
std::string form_of(const MaybeCount*, const Limits&);
std::string form_of(const Duration*, const Limits&);
std::string form_of(const MaybeTime*, const Limits&);
std::string form_of(const double*, const Limits&);
std::string form_of(const std::vector<std::string>*, const Limits&);

// The index of the node's word among `known`; otherwise the complaint.
struct Choice {
  std::size_t index = 0;
  Verdict verdict;
};
Choice choose(const Node& node, const std::vector<std::string_view>& known);
Complaint not_yet(std::string_view word, const std::vector<std::string_view>& today);
std::string one_of(const std::vector<std::string_view>& known);
Complaint wrong_kind(const Node& node, std::string_view expected, std::string hint);

// Of an error that says what to write behind ": write ", as those of addresses and ranges do;
// of any other the given hint.
Complaint with_hint(const std::string& error, std::string hint);

template <typename E>
concept Enumeration = std::is_enum_v<E>;

template <Enumeration E>
std::vector<std::string_view> texts() {
  std::vector<std::string_view> all;
  for (const auto& word : words<E>()) all.push_back(word.text);
  return all;
}

template <Enumeration E>
std::vector<std::string_view> texts_today() {
  std::vector<std::string_view> all;
  for (const auto& word : words<E>()) {
    if (!word.later) all.push_back(word.text);
  }
  return all;
}

template <Enumeration E>
Verdict read_value(const Node& node, const Limits&, E& into) {
  const Choice choice = choose(node, texts<E>());
  if (choice.verdict) return choice.verdict;
  const Word<E>& word = words<E>()[choice.index];
  if (word.later) return not_yet(word.text, texts_today<E>());
  into = word.value;
  return std::nullopt;
}

template <Enumeration E>
std::string print_value(E value) {
  return quoted(word(value));
}

template <Enumeration E>
std::string form_of(const E*, const Limits&) {
  return one_of(texts<E>());
}

}  // namespace ringway::config
