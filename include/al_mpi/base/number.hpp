#pragma once

#include <charconv>
#include <string_view>
#include <system_error>

namespace al_mpi {

/// Reads the number that `text` is as a whole; false where it is something else, or out of range.
template <class Number>
bool parse_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace al_mpi
