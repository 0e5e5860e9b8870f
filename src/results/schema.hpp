#pragma once

#include <array>
#include <cstdint>

/// What writer and reader of results files must agree on (docs/formats.md, "Results").
namespace al_mpi::schema {

inline constexpr const char* format = "al_mpi results";
inline constexpr std::int64_t version = 1;

/// Columns of /rounds that are no metrics.
inline constexpr std::array<const char*, 8> round_columns = {
    "trial", "strategy", "init", "seed", "round", "n_labeled", "weights_hash", "settings"};

}  // namespace al_mpi::schema
