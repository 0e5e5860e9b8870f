#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

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

/// A list of names with a default, "svg,png"; "none" is the empty one.
template <class Enum>
CLI::Option* add_choices(CLI::App& command, const std::string& name, std::vector<Enum>& values,
                         const std::string& help) {
  std::vector<std::string> known = enum_names<Enum>(), given;
  known.emplace_back("none");
  for (const Enum value : values) given.push_back(name_of(value));
  return command
      .add_option_function<std::vector<std::string>>(
          name,
          [&values](const std::vector<std::string>& texts) {
            values.clear();
            for (const std::string& text : texts) {
              if (const auto value = find_enum<Enum>(text)) values.push_back(*value);
            }
          },
          help)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(known))
      ->default_str(fmt::format("{}", fmt::join(given, ",")));
}

}  // namespace al_mpi
