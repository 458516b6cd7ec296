// A TOML document as plain values that remember where they were written. What
// the rest of the loader works on: it never sees the TOML library, and after
// includes and variables were applied nothing but this tree is left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/config/problem.h"

namespace ringway::config {

enum class NodeKind : std::uint8_t { text, integer, real, truth, time, list, table, other };

struct Entry;

struct Node {
  NodeKind kind = NodeKind::other;
  Place where;
  std::string text;
  std::int64_t integer = 0;  // A time: seconds since 1970, UTC.
  double real = 0;
  bool truth = false;
  bool lost = false;           // It names a variable that has no value, which is told already.
  std::vector<Node> items;     // Of a list.
  std::vector<Entry> entries;  // Of a table, in the order of the file.

  Node();
  ~Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;

  // Null if this is no table or has no such key.
  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  Place where;  // Of the key.
  Node value;
};

// Whether anything in it is lost.
bool any_lost(const Node& node);

// "the number 500", "a list": for problems.
std::string described(const Node& node);

}  // namespace ringway::config
