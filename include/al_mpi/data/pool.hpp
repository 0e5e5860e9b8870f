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

/// How well the oracle answers: stress tests. Read from the section `oracle` of a configuration.
struct OracleOptions {
  double noise = 0.0;           ///< probability of a wrong class, [0, 1); classification only
  std::int64_t duplicates = 1;  ///< copies of each sample in the pool, >= 1 (redundancy)
  /// Classes of the pool thinned out, [0, 1]: the one that a seed ranks r-th of C keeps
  /// 10^(-imbalance r / (C - 1)) of its samples, so with 1 the last keeps a tenth; classification.
  double imbalance = 0.0;
};

/// The labelled mask over /train, and the only door to the pool's labels: a label is readable once
/// the sample has been bought.
class Pool {
 public:
  /// With `oracle.noise` the class of sample i is wrong by a draw of (seed, i), whenever it is
  /// asked. With `oracle.imbalance` a draw of the seed leaves samples out, for good. Throws
  /// ConfigError: either on segmentation.
  explicit Pool(const Dataset& dataset, const OracleOptions& oracle = {}, std::int64_t seed = 0);

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

  /// What it costs to have `picks` labelled now, together; 1 each where the dataset names no costs.
  /// The one place where costs are computed.
  double cost_of(const Indices& picks) const;
  /// What was paid so far, for labelled and held out samples.
  double cost() const { return cost_; }

  /// Pixels of the samples bought so far (segmentation; zeros for classification).
  PixelCounts pixels_labeled() const { return pixels_labeled_; }

 private:
  enum class State : std::uint8_t { offered, bought, left_out };

  State& state(std::int64_t index) { return state_[static_cast<std::size_t>(index)]; }
  State state(std::int64_t index) const { return state_[static_cast<std::size_t>(index)]; }
  void thin_out();
  void buy(const Indices& picks, Indices& list);
  void count_pixels(std::int64_t index);

  const Dataset* dataset_;
  OracleOptions oracle_;
  std::int64_t seed_;
  std::vector<State> state_;
  std::int64_t n_left_out_ = 0;
  Indices labeled_, held_out_;
  PixelCounts pixels_labeled_;
  double cost_ = 0;
};

}  // namespace al_mpi
