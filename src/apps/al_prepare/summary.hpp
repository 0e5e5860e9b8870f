#pragma once

#include <string>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// "FILE: classification, 10 classes; train 655, test 271; uint16 images of 13 x 64 x 64;
/// fingerprint ...".
std::string summary_line(const std::string& path);

/// The end of an import: what to be careful of in the new file on standard error, then its summary.
void print_import(const std::string& path);

}  // namespace al_mpi
