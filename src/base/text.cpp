#include <al_mpi/base/text.hpp>

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/ranges.h>

namespace al_mpi {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string first_three(const std::vector<std::string>& all) {
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, all.size()));
  return fmt::format("{}{}", fmt::join(all.begin(), end, ", "),
                     all.size() > 3 ? fmt::format(" and {} more", all.size() - 3) : "");
}

std::string utc(double seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace al_mpi
