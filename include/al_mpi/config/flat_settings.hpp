#pragma once

#include <map>
#include <string>

namespace al_mpi {

/// A configuration of any version of the program, as results files hold it, one entry a value:
/// {"training.epochs", "60"}. Lists, and maps in braces, are one value. Empty for text that is no
/// YAML.
std::map<std::string, std::string> flat_settings(const std::string& yaml);

}  // namespace al_mpi
