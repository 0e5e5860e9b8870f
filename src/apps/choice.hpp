#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// An option whose values are the names of an enum (AL_ENUM); nothing is set where it is not given.
template <class Enum>
CLI::Option* add_choice(CLI::App& command, const std::string& name, std::optional<Enum>& value,
                        const std::string& help) {
  return command
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = find_enum<Enum>(text); }, help)
      ->check(CLI::IsMember(enum_names<Enum>()));
}

/// The same with a default, which --help shows.
template <class Enum>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Enum& value,
                        const std::string& help) {
  return command
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = *find_enum<Enum>(text); }, help)
      ->check(CLI::IsMember(enum_names<Enum>()))
      ->default_str(name_of(value));
}

}  // namespace al_mpi
