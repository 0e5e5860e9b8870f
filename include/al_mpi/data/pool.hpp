#pragma once

#include <cstdint>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/regions.hpp>

namespace al_mpi {

using Indices = std::vector<std::int64_t>;  ///< global pool indices, 0 <= i < pool size

/// What an annotator of label maps has looked at.
struct PixelCounts {
  std::int64_t all = 0;
  std::int64_t foreground = 0;  ///< with a class: not ignore_label
};

/// How well the oracle answers: stress tests. Read from the section `oracle` of a configuration.
struct OracleOptions {
  double noise = 0.0;           ///< probability of a wrong class, [0, 1); classification only
  std::int64_t duplicates = 1;  ///< copies of each sample in the pool, >= 1 (redundancy)
  /// Classes of the pool thinned out, [0, 1]: the one that a seed ranks r-th of C keeps
  /// 10^(-imbalance r / (C - 1)) of its samples, so with 1 the last keeps a tenth; classification.
  double imbalance = 0.0;
};

/// The labelled mask over /train, and the only door to the pool's labels: a label is readable once
/// the sample has been bought. A sample is an image, or one of its regions: data/regions.hpp says
/// how these are numbered.
class Pool {
 public:
  /// With `oracle.noise` the class of sample i is wrong by a draw of (seed, i), whenever it is
  /// asked. With `oracle.imbalance` a draw of the seed leaves samples out, for good. Throws
  /// ConfigError: either on segmentation, or a `region` (query.region) that is not for this
  /// dataset.
  explicit Pool(const Dataset& dataset, const OracleOptions& oracle = {}, std::int64_t seed = 0,
                std::int64_t region = 0);

  const Regions& regions() const { return regions_; }
  std::int64_t size() const { return static_cast<std::int64_t>(state_.size()); }
  std::int64_t n_offered() const { return size() - n_left_out_; }  ///< bought or to be bought
  std::int64_t n_labeled() const { return static_cast<std::int64_t>(labeled_.size()); }
  /// All that was paid for: labelled and held out.
  std::int64_t n_bought() const {
    return n_labeled() + static_cast<std::int64_t>(held_out_.size());
  }

  const Indices& labeled() const {
    return labeled_;
  }  ///< to train on, in the order they were bought
  const Indices& held_out() const { return held_out_; }  ///< bought to validate on
  Indices unlabeled() const;                             ///< can still be bought, ascending

  /// The oracle: marks `picks` as labelled. A bug (InternalError) if one is out of range, doubled
  /// bought already or left out.
  void label(const Indices& picks);
  /// Marks samples as bought that are only validated on, never trained on.
  void hold_out(const Indices& picks);

  /// Class of a bought sample (classification). InternalError if it was not bought.
  std::int64_t label_of(std::int64_t index) const;
  /// The class that the oracle would give to any sample. Only bounds that are marked as oracles may
  /// ask, never a strategy.
  std::int64_t oracle_label(std::int64_t index) const;
  /// The same as a list, of an image the classes of its pixels, ascending, each once.
  std::vector<std::int64_t> oracle_classes(std::int64_t index) const;

  /// What it costs to have `picks` labelled now, together: an image 1, a region 1 and 1 more where
  /// it is the first of its image; times the image's cost where the dataset names costs. The one
  /// place where costs are computed.
  double cost_of(const Indices& picks) const;
  /// What was paid so far, for labelled and held out samples.
  double cost() const { return cost_; }

  /// Pixels of the samples bought so far (segmentation; zeros for classification).
  PixelCounts pixels_labeled() const { return pixels_labeled_; }

  /// The images that labeled() and held_out() are or lie in, each once, in the order of the first.
  Indices labeled_images() const { return images_of(labeled_); }
  Indices held_out_images() const { return images_of(held_out_); }

  /// The label that marks pixels that no loss looks at: dataset.ignore_label, or one of our own for
  /// what was not bought where there is none.
  std::int64_t ignored_label() const;
  /// The label map of an image [height, width] as far as it was bought, ignored_label() elsewhere.
  void copy_label_map(std::int64_t image, std::uint8_t* out) const;

 private:
  enum class State : std::uint8_t { offered, bought, left_out };

  State& state(std::int64_t index) { return state_[static_cast<std::size_t>(index)]; }
  State state(std::int64_t index) const { return state_[static_cast<std::size_t>(index)]; }
  void thin_out();
  void buy(const Indices& picks, Indices& list);
  bool is_visited(std::int64_t image) const;  ///< something of it was bought
  Indices images_of(const Indices& samples) const;
  /// fn(pixel, labels) for each row of a sample: its first pixel in the image, and their labels.
  template <class Fn>
  void each_row(std::int64_t index, const Fn& fn) const;
  void count_pixels(std::int64_t index);

  const Dataset* dataset_;
  OracleOptions oracle_;
  std::int64_t seed_;
  Regions regions_;
  std::vector<State> state_;
  std::int64_t n_left_out_ = 0;
  Indices labeled_, held_out_;
  PixelCounts pixels_labeled_;
  double cost_ = 0;
};

}  // namespace al_mpi
