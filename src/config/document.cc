// See document.h. The library's tables iterate by alphabet, so entries are put
// back into the order of the file by the places of their keys.
#include "config/document.h"

#include <algorithm>
#include <chrono>
#include <toml++/toml.h>
#include <tuple>

#include "config/syntax_hint.h"

namespace ringway::config {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& name) : name_(name) {}

  Node node(const toml::node& from) const {
    Node to;
    to.where = place(from.source());
    from.visit([&](const auto& value) { fill(to, value); });
    return to;
  }

 private:
  Place place(const toml::source_region& region) const {
    return {name_, region.begin.line, region.begin.column};
  }

  void fill(Node& to, const toml::value<std::string>& from) const {
    to.kind = NodeKind::text;
    to.text = from.get();
  }
  void fill(Node& to, const toml::value<std::int64_t>& from) const {
    to.kind = NodeKind::integer;
    to.integer = from.get();
  }
  void fill(Node& to, const toml::value<double>& from) const {
    to.kind = NodeKind::real;
    to.real = from.get();
  }
  void fill(Node& to, const toml::value<bool>& from) const {
    to.kind = NodeKind::truth;
    to.truth = from.get();
  }
  void fill(Node&, const toml::value<toml::date>&) const {}
  void fill(Node&, const toml::value<toml::time>&) const {}
  void fill(Node& to, const toml::value<toml::date_time>& from) const {
    const toml::date_time& at = from.get();
    if (!at.offset) return;  // Whose clock? It stays `other`.
    using namespace std::chrono;
    const sys_days day = year(at.date.year) / month(at.date.month) / std::chrono::day(at.date.day);
    const auto seconds_of_day =
        hours(at.time.hour) + minutes(at.time.minute) + seconds(at.time.second);
    const auto utc = day + seconds_of_day - minutes(at.offset->minutes);
    to.kind = NodeKind::time;
    to.integer = utc.time_since_epoch().count();
  }
  void fill(Node& to, const toml::array& from) const {
    to.kind = NodeKind::list;
    for (const toml::node& item : from) to.items.push_back(node(item));
  }
  void fill(Node& to, const toml::table& from) const {
    to.kind = NodeKind::table;
    for (const auto& [key, value] : from) {
      to.entries.push_back({std::string(key.str()), place(key.source()), node(value)});
    }
    std::ranges::sort(to.entries, {}, [](const Entry& entry) {
      return std::tuple(entry.where.line, entry.where.column);
    });
  }

  const std::string& name_;
};

}  // namespace

std::expected<Node, Problem> parse_document(std::string_view text, const std::string& name) {
  try {
    const toml::table root = toml::parse(text);
    return Converter(name).node(root);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    const SyntaxError told{error.description(), at.line, at.column};
    const Complaint complaint = explained(told, text);
    return std::unexpected(Problem{{name, at.line, at.column}, complaint.what, complaint.hint});
  }
}

}  // namespace ringway::config
