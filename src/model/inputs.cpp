#include <algorithm>
#include <cstdint>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/model/inputs.hpp>

namespace al_mpi {
namespace {

/// One image: planar pixels [C, H * W] to normalised, interleaved floats [H * W, C].
template <class Pixel>
void normalize(const Split& split, const Dataset& dataset, std::int64_t index, float* out) {
  const auto* pixels = static_cast<const Pixel*>(split.image(index));
  const std::int64_t n_pixels = split.height * split.width;
  const std::int64_t channels = split.channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    const auto band = static_cast<std::size_t>(c);
    const float mean = dataset.mean[band];
    const float scale = 1.0f / dataset.std_dev[band];
    const Pixel* plane = pixels + c * n_pixels;
    for (std::int64_t p = 0; p < n_pixels; ++p) {
      out[p * channels + c] = (static_cast<float>(plane[p]) - mean) * scale;
    }
  }
}

void normalize_any(const Split& split, const Dataset& dataset, std::int64_t index, float* out) {
  switch (split.pixel_type) {
    case PixelType::uint8:
      return normalize<std::uint8_t>(split, dataset, index, out);
    case PixelType::uint16:
      return normalize<std::uint16_t>(split, dataset, index, out);
    case PixelType::float32:
      return normalize<float>(split, dataset, index, out);
  }
}

}  // namespace

const Split& split_of(const Dataset& dataset, const std::string& name) {
  const auto found = dataset.splits.find(name);
  if (found == dataset.splits.end()) {
    throw DataError(dataset.source, "/" + name, "the dataset has no such split");
  }
  return found->second;
}

InputFn image_inputs(std::shared_ptr<const Dataset> dataset, c10::Device device) {
  return [dataset, device](const std::string& name, const Indices& indices) {
    const Split& split = split_of(*dataset, name);
    const auto options = at::TensorOptions().pinned_memory(device.is_cuda());
    const at::Tensor batch = at::empty(
        {static_cast<std::int64_t>(indices.size()), split.channels, split.height, split.width},
        options, at::MemoryFormat::ChannelsLast);
    float* out = batch.data_ptr<float>();
    for (const std::int64_t index : indices) {
      normalize_any(split, *dataset, index, out);
      out += split.channels * split.height * split.width;
    }
    return batch.to(device, /*non_blocking=*/true);
  };
}

at::Tensor label_batch(const Split& split, const Indices& indices) {
  const auto n = static_cast<std::int64_t>(indices.size());
  if (split.label_maps == nullptr) {
    at::Tensor labels = at::empty({n}, at::kLong);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(i)];
      labels.data_ptr<std::int64_t>()[i] = split.labels[static_cast<std::size_t>(index)];
    }
    return labels;
  }
  at::Tensor labels = at::empty({n, split.height, split.width}, at::kLong);
  std::int64_t* out = labels.data_ptr<std::int64_t>();
  for (const std::int64_t index : indices) {
    const std::uint8_t* map = split.label_map(index);
    out = std::copy(map, map + split.height * split.width, out);
  }
  return labels;
}

Indices part(const Indices& indices, std::int64_t first, std::int64_t size) {
  const auto n = static_cast<std::int64_t>(indices.size());
  return Indices(indices.begin() + first, indices.begin() + std::min(n, first + size));
}

}  // namespace al_mpi
