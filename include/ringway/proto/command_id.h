// A command of some protocol, as the carrying core keeps it: only the protocol's own code knows
// which one it is. It converts from and to that protocol's enum, and compares with it.
#pragma once

#include <cstdint>
#include <type_traits>

namespace ringway::proto {

template <typename Type>
concept CommandEnum = std::is_enum_v<Type> && sizeof(Type) == 1;

class CommandId {
 public:
  constexpr CommandId() = default;
  template <CommandEnum Command>
  constexpr CommandId(Command command) : value_(static_cast<std::uint8_t>(command)) {}

  template <CommandEnum Command>
  constexpr operator Command() const {
    return static_cast<Command>(value_);
  }

  // Of its protocol's commands.
  constexpr unsigned index() const { return value_; }

  constexpr bool operator==(const CommandId&) const = default;
  template <CommandEnum Command>
  constexpr bool operator==(Command command) const {
    return value_ == static_cast<std::uint8_t>(command);
  }

 private:
  std::uint8_t value_ = 0;
};

}  // namespace ringway::proto
