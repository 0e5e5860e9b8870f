#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

std::vector<std::string> listed_names(std::string_view list) {
  std::vector<std::string> names = {""};
  for (const char c : list) {
    if (c == ',') names.emplace_back();
    if (c != ',' && c != ' ') names.back() += c;
  }
  for (std::string& name : names) {
    if (!name.empty() && name.back() == '_') name.pop_back();
  }
  return names;
}

}  // namespace al_mpi
