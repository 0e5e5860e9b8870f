#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace al_mpi {

/// A number, or null where it is none that JSON has.
nlohmann::json number(double value);

std::string base64(const std::string& bytes);

}  // namespace al_mpi
