// See tree.h. The special members stand here because Node and Entry contain each
// other: only where both are complete can a vector of them be destroyed.
#include "config/tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringway::config {

Node::Node() = default;
Node::~Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;

const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Entry* Node::find(std::string_view key) {
  return const_cast<Entry*>(static_cast<const Node&>(*this).find(key));
}

bool any_lost(const Node& node) {
  return node.lost || std::ranges::any_of(node.items, any_lost) ||
         std::ranges::any_of(node.entries, any_lost, &Entry::value);
}

std::string described(const Node& node) {
  switch (node.kind) {
    case NodeKind::text: return fmt::format("\"{}\"", node.text);
    case NodeKind::integer: return fmt::format("the number {}", node.integer);
    case NodeKind::real: return fmt::format("the number {}", node.real);
    case NodeKind::truth: return node.truth ? "true" : "false";
    case NodeKind::time: return "a time";
    case NodeKind::list: return "a list";
    case NodeKind::table: return "a table";
    case NodeKind::other: break;
  }
  return "a date or time without its zone";
}

}  // namespace ringway::config
