#pragma once

#include <nlohmann/json_fwd.hpp>

#include <al_mpi/trial/trial.hpp>

namespace al_mpi {

// Converts the plain structs to JSON and back; nlohmann::json finds these functions by
// argument-dependent lookup. Numbers keep every bit; NaN and infinities are written as the strings
// "nan", "inf", "-inf". from_json throws DataError with the name of the missing or mistyped field;
// unknown fields are ignored.
void to_json(nlohmann::json& json, const TrialSpec& spec);
void from_json(const nlohmann::json& json, TrialSpec& spec);
void to_json(nlohmann::json& json, const PickRecord& pick);
void from_json(const nlohmann::json& json, PickRecord& pick);
void to_json(nlohmann::json& json, const RoundRecord& record);
void from_json(const nlohmann::json& json, RoundRecord& record);
void to_json(nlohmann::json& json, const TrialRecord& record);

/// The whole number in field `name` of an object. Throws DataError if the field is missing or is no
/// whole number that an int can hold; nlohmann itself would turn 1e300 into some int.
int int_field(const nlohmann::json& object, const char* name);

}  // namespace al_mpi
