#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>

/// Defines an enum together with its names, which files, configurations and messages use:
///
///     AL_ENUM(Schedule, constant, cosine, step)
///
/// An enumerator is spelt as its name. A trailing underscore keeps clear of keywords and is left
/// out of the name: `auto_` is "auto". Enumerators count from 0 and take no values of their own.
#define AL_ENUM(Enum, ...)                                                    \
  enum class Enum { __VA_ARGS__ };                                            \
  inline const std::vector<std::string>& names_of(Enum) {                     \
    static const std::vector<std::string> names = listed_names(#__VA_ARGS__); \
    return names;                                                             \
  }

namespace al_mpi {

/// "constant, auto_" -> {"constant", "auto"}.
std::vector<std::string> listed_names(std::string_view list);

/// All names of an enum of AL_ENUM, in its order.
template <class Enum>
const std::vector<std::string>& enum_names() {
  return names_of(Enum{});
}

template <class Enum>
const std::string& name_of(Enum value) {
  return enum_names<Enum>().at(static_cast<std::size_t>(value));
}

/// The enumerator of this name, spelt exactly; nothing where there is none.
template <class Enum>
std::optional<Enum> find_enum(std::string_view name) {
  const auto& names = enum_names<Enum>();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

/// find_enum() for the value of a setting: an unknown name throws ConfigError with the nearest
/// known one. `key` is the setting's path, for the message.
template <class Enum>
Enum enum_of(std::string_view name, const std::string& key) {
  if (const auto value = find_enum<Enum>(name)) return *value;
  throw ConfigError(
      key, fmt::format("unknown value '{}'{}", name, did_you_mean(name, enum_names<Enum>())));
}

}  // namespace al_mpi
