#include <al_mpi/model/inputs.hpp>

#include <algorithm>
#include <any>
#include <cstdint>
#include <map>
#include <optional>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/data/pixel_types.hpp>
#include <al_mpi/model/gpu_memory.hpp>

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
  with_pixel_type(split.pixel_type,
                  [&](auto pixel) { normalize<decltype(pixel)>(split, dataset, index, out); });
}

/// Bytes of the different images of a split.
std::int64_t image_bytes(const Split& split) {
  return split.n / split.copies * split.channels * split.height * split.width *
         static_cast<std::int64_t>(bytes_of(split.pixel_type));
}

/// All images of a split on the device, [n, C, H, W] in the file's type; int16 holds the bits of
/// uint16, a type that LibTorch 1.13 lacks.
at::Tensor copied_images(const Split& split, const c10::Device& device) {
  const at::ScalarType type = split.pixel_type == PixelType::uint8    ? at::kByte
                              : split.pixel_type == PixelType::uint16 ? at::kShort
                                                                      : at::kFloat;
  return at::from_blob(const_cast<void*>(split.image(0)),
                       {split.n / split.copies, split.channels, split.height, split.width},
                       at::TensorOptions().dtype(type))
      .to(device);
}

/// The copied_images() of a split, made when the first learner asks and shared by all; undefined
/// where there is no room for them.
at::Tensor shared_images(const std::string& name, const Split& split, const c10::Device& device,
                         std::optional<std::int64_t>& room) {
  std::any& kept = (*split.kept)["images on " + device.str()];
  if (gpu_memory_is_spared()) kept.reset();
  if (kept.has_value()) return std::any_cast<at::Tensor>(kept);
  if (!room) room = room_for_images(device);
  const at::Tensor images =
      kept_on_device(name, image_bytes(split), *room, [&] { return copied_images(split, device); });
  if (images.defined()) kept = images;
  return images;
}

/// Normalises batches on the device. Keeps a split's images there from its first batch on.
class ResidentInputs {
 public:
  ResidentInputs(std::shared_ptr<const Dataset> dataset, c10::Device device)
      : dataset_(dataset),
        device_(device),
        from_host_(image_inputs(dataset, device)),
        mean_(per_band(dataset->mean, device)),
        scale_(per_band(dataset->std_dev, device).reciprocal()) {}

  at::Tensor batch(const std::string& name, const Indices& indices) {
    const Split& split = split_of(*dataset_, name);
    const auto [found, is_new] = images_.try_emplace(name);
    if (is_new) found->second = shared_images(name, split, device_, room_);
    const at::Tensor& images = found->second;
    if (!images.defined()) return from_host_(name, indices);
    const at::Tensor rows = at::tensor(indices).remainder(images.size(0));
    at::Tensor chosen = images.index_select(0, upload(rows, device_));
    if (split.pixel_type == PixelType::uint16) chosen = chosen.to(at::kInt).bitwise_and(0xFFFF);
    return chosen
        .to(at::kFloat, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast)
        .sub_(mean_)
        .mul_(scale_);
  }

 private:
  std::shared_ptr<const Dataset> dataset_;
  c10::Device device_;
  InputFn from_host_;
  std::optional<std::int64_t> room_;  ///< bytes; asked when the network is on the device
  at::Tensor mean_, scale_;           ///< [1, C, 1, 1]
  std::map<std::string, at::Tensor> images_;
};

/// [n, H, W] uint8, each map written by copy(image, out).
template <class Copy>
at::Tensor maps(const Split& split, const Indices& images, const Copy& copy) {
  const auto n = static_cast<std::int64_t>(images.size());
  at::Tensor labels = at::empty({n, split.height, split.width}, at::kByte);
  std::uint8_t* out = labels.data_ptr<std::uint8_t>();
  for (const std::int64_t image : images) {
    copy(image, out);
    out += split.height * split.width;
  }
  return labels;
}

}  // namespace

at::Tensor per_band(const std::vector<float>& values, const c10::Device& device) {
  return at::tensor(values).view({1, -1, 1, 1}).to(device);
}

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

InputFn resident_inputs(std::shared_ptr<const Dataset> dataset, c10::Device device) {
  return
      [inputs = std::make_shared<ResidentInputs>(dataset, device)](
          const std::string& name, const Indices& indices) { return inputs->batch(name, indices); };
}

at::Tensor upload(const at::Tensor& tensor, c10::Device device) {
  return device.is_cpu() ? tensor : tensor.pin_memory().to(device, /*non_blocking=*/true);
}

at::Tensor upload(const Indices& numbers, c10::Device device) {
  return upload(at::tensor(numbers), device);
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
  return maps(split, indices,
              [&](std::int64_t index, std::uint8_t* out) {
                const std::uint8_t* map = split.label_map(index);
                std::copy(map, map + split.height * split.width, out);
              })
      .to(at::kLong);
}

at::Tensor label_maps(const Pool& pool, const Split& split, const Indices& images) {
  return maps(split, images,
              [&](std::int64_t image, std::uint8_t* out) { pool.copy_label_map(image, out); });
}

at::Tensor label_batch(const Pool& pool, const Split& split, const Indices& indices) {
  if (split.label_maps != nullptr) return label_batch(split, indices);
  std::vector<std::int64_t> labels;
  for (const std::int64_t index : indices) labels.push_back(pool.label_of(index));
  return at::tensor(labels);
}

Indices part(const Indices& indices, std::int64_t first, std::int64_t size) {
  const auto n = static_cast<std::int64_t>(indices.size());
  return Indices(indices.begin() + first, indices.begin() + std::min(n, first + size));
}

}  // namespace al_mpi
