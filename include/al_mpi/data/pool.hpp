#pragma once

#include <cstdint>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

using Indices = std::vector<std::int64_t>;  ///< global pool indices, 0 <= i < pool size

/// What an annotator of label maps has looked at.
struct PixelCounts {
  std::int64_t all = 0;
  std::int64_t foreground = 0;  ///< with a class: not ignore_label
};

/// The labelled mask over /train, and the only door to the pool's labels: a label is readable once the
/// sample has been bought.
class Pool {
 public:
  explicit Pool(const Dataset& dataset);

  std::int64_t size() const { return static_cast<std::int64_t>(is_labeled_.size()); }
  std::int64_t n_labeled() const { return static_cast<std::int64_t>(labeled_.size()); }
  bool is_labeled(std::int64_t index) const { return is_labeled_[static_cast<std::size_t>(index)]; }

  const Indices& labeled() const { return labeled_; }  ///< in the order they were bought
  Indices unlabeled() const;                           ///< ascending

  /// The oracle: marks `picks` as labelled. A bug (InternalError) if one is out of range, doubled or
  /// labelled already.
  void label(const Indices& picks);

  /// Class of a labelled sample (classification). InternalError if it is not labelled.
  std::int64_t label_of(std::int64_t index) const;

  /// Pixels of the samples bought so far (segmentation; zeros for classification).
  PixelCounts pixels_labeled() const { return pixels_labeled_; }

 private:
  void count_pixels(std::int64_t index);

  const Dataset* dataset_;
  std::vector<bool> is_labeled_;
  Indices labeled_;
  PixelCounts pixels_labeled_;
};

}  // namespace al_mpi
