#pragma once

#include <string>
#include <vector>

namespace al_mpi {

/// What a person said of one tile.
struct Answer {
  std::string name;       ///< of the tile
  std::string label;      ///< the class; empty where skipped
  bool skip = false;      ///< looked at, and not to be decided
  std::string annotator;  ///< as the file names it; empty = it does not
};

/// The answers of a file: CSV with the columns name and class (and annotator, where there are
/// several; comma, semicolon or tab; others are not read), GeoJSON with these properties, or Label
/// Studio's export as JSON or JSON-MIN. Tiles without a class are not answered; the class "skip" is
/// one that could not be decided. Throws DataError: unreadable or foreign file, no such column, a
/// tile with several classes at once, text that is not UTF-8.
std::vector<Answer> read_answers(const std::string& path);

/// Names of classes as a user lists them, without blanks around them. Throws ConfigError naming
/// `option`: one that is empty, named twice, or "skip".
std::vector<std::string> class_names(const std::vector<std::string>& listed,
                                     const std::string& option);

}  // namespace al_mpi
