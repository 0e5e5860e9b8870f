#include "looks.hpp"

#include <algorithm>
#include <array>

#include <al_mpi/base/hash.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

constexpr const char* black = "#000000";
constexpr std::array<const char*, 7> colours = {"#0072B2", "#56B4E9", "#D55E00", "#E69F00",
                                                "#009E73", "#882255", "#CC79A7"};
// Filled and open: square, triangle up, triangle down, diamond, pentagon, circle.
constexpr std::array<int, 12> markers = {5, 4, 9, 8, 11, 10, 13, 12, 15, 14, 7, 6};
constexpr std::array<const char*, 6> dashes = {"solid",     "(6,4)",         "(2,3)",
                                               "(8,3,2,3)", "(8,3,2,3,2,3)", "(14,4,5,4)"};

constexpr const char* oracle_dash = "(10,6)";
constexpr std::array<const char*, 3> oracle_colours = {"#444444", "#888888", "#666666"};

constexpr std::size_t longest_name = 32;  // bytes

Look look_of_strategy(const std::string& strategy) {
  const auto& catalog = strategy_catalog();
  const auto found = std::find_if(catalog.begin(), catalog.end(),
                                  [&](const StrategyInfo& info) { return info.name == strategy; });
  if (found == catalog.begin()) return {black, 7, dashes[0]};
  if (found != catalog.end() && found->oracle) {
    const auto before = static_cast<std::size_t>(std::count_if(
        catalog.begin(), found, [](const StrategyInfo& info) { return info.oracle; }));
    return {oracle_colours[before % oracle_colours.size()], markers[before % markers.size()],
            oracle_dash};
  }
  const auto place = found == catalog.end() ? static_cast<std::size_t>(stable_hash(strategy) % 1009)
                                            : static_cast<std::size_t>(found - catalog.begin()) - 1;
  return {colours[place % colours.size()], markers[place % markers.size()],
          dashes[place / colours.size() % dashes.size()]};
}

}  // namespace

Look look_of(const std::string& name) {
  const std::size_t side = name.rfind(" [");
  if (side == std::string::npos || side + 4 != name.size()) return look_of_strategy(name);
  Look look = look_of_strategy(name.substr(0, side));
  look.dash = name[side + 2] == 'A' ? dashes[0] : dashes[1];
  return look;
}

std::string shown_name(const std::string& name) {
  if (is_oracle(name)) return name + " (oracle)";
  if (name.size() <= longest_name) return name;
  const auto inside = [&](std::size_t at) {  // of a letter of several bytes
    return (static_cast<unsigned char>(name[at]) & 0xC0U) == 0x80U;
  };
  std::size_t head = longest_name / 2, tail = name.size() - (longest_name / 2 - 3);
  while (head > 0 && inside(head)) --head;
  while (tail < name.size() && inside(tail)) ++tail;
  return name.substr(0, head) + "..." + name.substr(tail);
}

}  // namespace al_mpi
