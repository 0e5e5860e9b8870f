#include <al_mpi/data/dataset.hpp>

#include <algorithm>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/data/pixel_types.hpp>

namespace al_mpi {
namespace {

/// A running hash over everything that is fed to it.
class Fingerprint {
 public:
  void add(const void* bytes, std::size_t size) { hash_ = stable_hash(bytes, size, hash_ + size); }
  void add(const std::string& text) { add(text.data(), text.size()); }
  void add(std::int64_t number) { add(&number, sizeof number); }
  template <class T>
  void add(const std::vector<T>& numbers) {
    add(numbers.data(), numbers.size() * sizeof(T));
  }
  void add(const std::vector<std::string>& texts) {
    for (const auto& text : texts) add(text);
  }
  std::string hex() const { return to_hex(hash_); }

 private:
  std::uint64_t hash_ = 0;
};

void add_split(Fingerprint& fingerprint, const Split& split) {
  constexpr std::int64_t n_sampled_images = 64;
  for (const auto extent : {split.n, split.channels, split.height, split.width}) {
    fingerprint.add(extent);
  }
  fingerprint.add(name_of(split.pixel_type));
  fingerprint.add(split.labels);
  fingerprint.add(split.names);
  if (!split.costs.empty()) fingerprint.add(split.costs);
  const std::int64_t pixels = split.height * split.width;
  if (split.label_maps != nullptr) {
    fingerprint.add(split.label_maps, static_cast<std::size_t>((split.n / split.copies) * pixels));
  }
  const auto image_bytes =
      static_cast<std::size_t>(split.channels * pixels) * bytes_of(split.pixel_type);
  const std::int64_t n_sampled = std::min(n_sampled_images, split.n);
  for (std::int64_t i = 0; i < n_sampled; ++i) {
    fingerprint.add(split.image(i * split.n / n_sampled), image_bytes);
  }
}

}  // namespace

std::size_t bytes_of(PixelType type) {
  return with_pixel_type(type, [](auto pixel) { return sizeof pixel; });
}

const void* Split::image(std::int64_t i) const {
  check(i >= 0 && i < n, "image {} of {}", i, n);
  return static_cast<const char*>(images) +
         static_cast<std::size_t>(i % (n / copies) * channels * height * width) *
             bytes_of(pixel_type);
}

const std::uint8_t* Split::label_map(std::int64_t i) const {
  check(label_maps != nullptr && i >= 0 && i < n, "label map {} of {}", i, n);
  return label_maps + i % (n / copies) * height * width;
}

std::string Dataset::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add(name_of(task));
  fingerprint.add(classes);
  fingerprint.add(bands);
  fingerprint.add(mean);
  fingerprint.add(std_dev);
  fingerprint.add(ignore_label);
  for (const auto& [name, split] : splits) {
    fingerprint.add(name);
    add_split(fingerprint, split);
  }
  return fingerprint.hex();
}

}  // namespace al_mpi
