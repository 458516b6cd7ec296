// What the rows of the tables of keys (see keys.h) are made of: the usual row of a
// member, and the rows of keys that are not carried out or not read here. For the
// keys_*.cc alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/keys.h"

namespace ringway::config {

constexpr Limits counts(std::int64_t min, std::int64_t max) {
  return {min, max};
}
constexpr Limits times(Duration min, Duration max) {
  return {min.count(), max.count()};
}
constexpr Limits sizes(std::uint64_t min, std::uint64_t max) {
  return {static_cast<std::int64_t>(min), static_cast<std::int64_t>(max)};
}

constexpr Duration day = std::chrono::hours(24);
constexpr Limits any_time = times(0s, 365 * day);
constexpr Limits some_time = times(1ms, 365 * day);
constexpr Limits some_size = sizes(1, 1ull << 40);
constexpr Limits size_of_buffer = sizes(1, buffer_bytes_most);

template <typename T, typename V>
T owner_of(V T::*);
template <typename T, typename V>
V type_of(V T::*);

template <auto M>
using Owner = decltype(owner_of(M));
template <auto M>
using Type = decltype(type_of(M));

template <auto M>
constexpr Key<Owner<M>> key(std::string_view name, std::string_view unit, std::string_view why,
                            Limits limits = {}, std::string_view sample = {}) {
  return {.name = name,
          .unit = unit,
          .why = why,
          .limits = limits,
          .sample = sample,
          .read = [](const Node& node, const Limits& within,
                     Owner<M>& owner) { return read_value(node, within, owner.*M); },
          .print = [](const Owner<M>& owner) { return print_value(owner.*M); },
          .form =
              [](const Limits& within) {
                return form_of(static_cast<const Type<M>*>(nullptr), within);
              }};
}

// A key of a later version: its type is checked, its value dropped.
template <typename T, typename V>
constexpr Key<T> later(std::string_view name, std::string_view sample, std::string_view why,
                       Standing standing = Standing::later) {
  return {
      .name = name,
      .unit = "",
      .why = why,
      .limits = {},
      .standing = standing,
      .sample = sample,
      .read =
          [](const Node& node, const Limits& within, T&) {
            V dropped{};
            return read_value(node, within, dropped);
          },
      .form = [](const Limits& within) { return form_of(static_cast<const V*>(nullptr), within); }};
}

template <typename T>
constexpr Key<T> protection_table(std::string_view name, std::string_view sample,
                                  std::string_view why) {
  return {.name = name,
          .unit = "",
          .why = why,
          .limits = {},
          .standing = Standing::protection,
          .sample = sample,
          .read = [](const Node& node, const Limits&, T&) -> Verdict {
            if (node.kind == NodeKind::table) return std::nullopt;
            return wrong_kind(node, "a table", "write it as a table of its own");
          },
          .form = [](const Limits&) { return std::string("table"); }};
}

template <typename T>
constexpr Key<T> apart(std::string_view name, std::string_view form, std::string_view why,
                       std::string_view sample = {}) {
  return {.name = name,
          .unit = form,
          .why = why,
          .limits = {},
          .standing = Standing::apart,
          .sample = sample};
}

}  // namespace ringway::config
