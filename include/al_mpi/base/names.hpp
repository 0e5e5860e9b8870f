#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace al_mpi {

/// Lower case without underscores, hyphens and spaces: "MarginSampling" == "margin_sampling".
std::string normalized_name(std::string_view name);

/// The known name nearest to `name` (edit distance at most a third of its length, at least 2);
/// empty where none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// " (did you mean 'margin_sampling'?)", else " (known: a, b, c)".
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

}  // namespace al_mpi
