#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/raster/image_reader.hpp"

namespace al_mpi {

/// The options that every import of images has: --bands, --sensor, --values, --no-data-value,
/// --max-no-data.
void add_image_options(CLI::App& command, ImageOptions& options);

/// A line each on standard error, "note: ...".
void print_notes(const std::vector<std::string>& notes);

}  // namespace al_mpi
