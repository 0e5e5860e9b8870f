#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/pool.hpp>

namespace al_mpi {

/// Samples of a split as the network takes them: float32 on the device, dimension 0 = samples.
using InputFn = std::function<at::Tensor(const std::string& split, const Indices& indices)>;

/// Throws DataError where the dataset has no split of that name.
const Split& split_of(const Dataset& dataset, const std::string& name);

/// One value for each band, to compute with images: [1, bands, 1, 1] float32 on the device.
at::Tensor per_band(const std::vector<float>& values, const c10::Device& device);

/// Images [b, bands, H, W] in channels-last memory, read straight from the mapped pixels:
/// (pixel - mean) / std_dev of the dataset, band by band.
InputFn image_inputs(std::shared_ptr<const Dataset> dataset, c10::Device device);

/// The same numbers from images that are copied to the device once, as they are in the file, and
/// normalised there: for GPUs, where a batch would wait for the bus. Splits that this process has
/// no room for there (gpu_memory.hpp) go by image_inputs. The copy lives as long as the split:
/// learners share it.
InputFn resident_inputs(std::shared_ptr<const Dataset> dataset, c10::Device device);

/// A copy on the device of a tensor of the CPU, for which neither CPU nor GPU waits; on the CPU the
/// tensor itself.
at::Tensor upload(const at::Tensor& tensor, c10::Device device);
at::Tensor upload(const Indices& numbers, c10::Device device);

/// Labels of samples as int64 on the CPU: [b] or, for segmentation, [b, H, W].
at::Tensor label_batch(const Split& split, const Indices& indices);

/// Labels of images of the pool that were bought whole, as its oracle answered.
at::Tensor label_batch(const Pool& pool, const Split& split, const Indices& indices);

/// Label maps of images of the pool, as far as they were bought: [n, H, W] uint8 on the CPU.
at::Tensor label_maps(const Pool& pool, const Split& split, const Indices& images);

/// Parts of `indices` of at most `size` samples, in order.
Indices part(const Indices& indices, std::int64_t first, std::int64_t size);

}  // namespace al_mpi
