#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace al_mpi {

/// A stream of random numbers keyed by (seed, purpose, round): Philox 4x32-10, counter-based.
///
/// Two streams with different keys are independent, and a stream gives the same numbers on every
/// rank, machine and retry, whatever else was drawn before. There is no global generator in this
/// program. Purposes in use, each with its own numbers:
/// - of a trial: "weights", "batches", "dropout", "mc_dropout N" (pass N), "augment", "init",
///   "query", "clusters", "tie_break", "stochastic", "partition", "external", "validation",
///   "label_noise", "imbalance";
/// - of pre-training: "pretrain weights", "pretrain batches", "key queue", "first view",
///   "second view";
/// - of datasets: "synthetic_sizes", "synthetic_SPLIT", "synthetic_labels_SPLIT", "split_images",
///   "split_order_SPLIT", "split_blocks"; of statistics, plans: "bootstrap", "halves", "simulate".
/// Reference: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011); Random123.
/// The class is a UniformRandomBitGenerator; prefer its own draws to std:: distributions, which
/// differ between standard libraries.
class RngStream {
 public:
  using result_type = std::uint64_t;

  RngStream(std::int64_t seed, std::string_view purpose, std::uint64_t round = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()();

  double uniform();                                       ///< in [0, 1), 53 bits
  double normal();                                        ///< mean 0, standard deviation 1
  double gumbel();                                        ///< location 0, scale 1
  std::uint64_t below(std::uint64_t n);                   ///< in [0, n), unbiased; n > 0
  std::vector<std::int64_t> permutation(std::int64_t n);  ///< of 0..n-1
  std::vector<std::int64_t> sample(std::int64_t n, std::int64_t k);  ///< k distinct of 0..n-1

  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint64_t round_;
  std::uint64_t block_ = 0;
  std::array<std::uint64_t, 2> buffer_{};
  int left_ = 0;
};

}  // namespace al_mpi
