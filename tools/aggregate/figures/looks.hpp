#pragma once

#include <string>

namespace al_mpi {

/// How a strategy looks in every figure and in the report, whatever else is drawn beside it.
struct Look {
  /// "#rrggbb", from Okabe and Ito's colour-blind-safe palette (its yellow is too pale for lines)
  std::string colour;
  int marker = 7;    ///< gnuplot's point type
  std::string dash;  ///< gnuplot's dash type: "solid", "(6,4)" ...
};

/// The look follows from the strategy's place in the catalogue. Only the first one (random
/// sampling) is black. Oracles are grey with long dashes, because they are bounds. The others take
/// seven colours in turn; each turn has another dash and other markers. A name outside the
/// catalogue gets a place from a hash of its letters. Of two sweeps ("NAME [A]", "NAME [B]") the
/// first is solid and the second dashed.
Look look_of(const std::string& strategy);

/// The name as figures show it: oracles, which see labels that nobody bought, are marked
/// "(oracle)"; long names lose their middle.
std::string shown_name(const std::string& name);

}  // namespace al_mpi
