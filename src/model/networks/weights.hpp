#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "network.hpp"

namespace al_mpi {

using NamedTensors = std::map<std::string, at::Tensor>;  ///< in the order of names

/// Parameters and buffers of a network; the tensors share its memory.
NamedTensors named_state(const Network& network);

/// Whether no value of these tensors of one device is a NaN or an infinity.
bool all_finite(const std::vector<at::Tensor>& tensors);

/// 16 hex digits over names, types, shapes and values: XXH3 on the CPU, summed_hash_of() on a GPU,
/// so that the weights stay there.
std::string hash_of(const NamedTensors& tensors);

/// 16 other hex digits over the same: values are mixed with their places, number by number, and
/// added up, where they lie. On any device the same digits for the same values.
std::string summed_hash_of(const NamedTensors& tensors);

/// Names, types, shapes and values as bytes, closed by a checksum.
std::string to_bytes(const NamedTensors& tensors);

/// Copies `bytes` into the tensors of the same names. Throws DataError if the bytes are damaged, or
/// were made of other names, types or shapes; nothing is changed then.
void load_bytes(const std::string& bytes, const NamedTensors& into);

}  // namespace al_mpi
