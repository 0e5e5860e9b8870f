#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Tensor.h>

#include <al_mpi/data/pool.hpp>

namespace al_mpi {

/// The last, linear layer of a network: logits = weight x features + bias.
struct LinearHead {
  at::Tensor weight;  ///< [C, d] float32
  at::Tensor bias;    ///< [C] float32
};

/// What a query strategy may ask about pool samples: the network's answers (LearnerPredictions), or
/// arrays stored in a file (StoredPredictions, for `al_trial pick`). Labels are not among them.
///
/// Row i belongs to indices[i]. What functions return lies on the CPU; what they hand to functions
/// lies where the network computes. Probabilities are over the *valid*
/// classes (an ignored label has no column) and sum to 1 over them, unless query.ignored_class says
/// otherwise. Calls are in evaluation mode, without gradients, and change nothing. What the source
/// cannot give throws DataError that names what is missing.
class Predictions {
 public:
  /// fn(first, values): values belong to indices[first ... first + b).
  using BatchFn = std::function<void(std::int64_t first, const at::Tensor& values)>;
  /// Differentiable logits [b, C] of normalised images [b, bands, H, W] (evaluation mode).
  using LogitsFn = std::function<at::Tensor(const at::Tensor& images)>;
  /// fn(first, images, logits): images [b, bands, H, W] float32 normalised, gradients allowed
  /// inside.
  using ImageBatchFn =
      std::function<void(std::int64_t first, const at::Tensor& images, const LogitsFn& logits)>;

  virtual ~Predictions() = default;

  virtual std::int64_t n_classes() const = 0;  ///< valid classes = columns of the probabilities

  /// Softmax of one deterministic pass, batch by batch: [b, C] or, for segmentation, [b, C, H, W]
  /// float32.
  virtual void each_probabilities(const Indices& indices, const BatchFn& fn) = 0;

  /// Softmax of `passes` MC-dropout passes: [T, b, C] or [T, b, C, H, W] float32. Pass t is one
  /// sampled network: its dropout mask is shared by all samples. The trunk runs once for all
  /// passes.
  virtual void each_mc_probabilities(const Indices& indices, std::int64_t passes,
                                     const BatchFn& fn) = 0;

  /// Penultimate features (input of the last layer, no dropout; spatial maps averaged): [n, d]
  /// float32.
  virtual at::Tensor features(const Indices& indices) = 0;

  /// Frozen embeddings of the dataset, chosen by query.embeddings: [n, D] float32.
  virtual at::Tensor embeddings(const Indices& indices) = 0;

  /// Losses that a predictor trained with the network expects, in some unit: [n] float32.
  virtual at::Tensor predicted_losses(const Indices& indices) = 0;

  /// The last layer, where it is linear.
  virtual LinearHead head() = 0;

  /// Batches of input images with a differentiable network, for adversarial strategies.
  virtual void each_images(const Indices& indices, const ImageBatchFn& fn) = 0;
};

/// each_probabilities() put together: [n, C, ...].
at::Tensor probabilities(Predictions& predictions, const Indices& indices);
/// each_mc_probabilities() put together: [T, n, C, ...].
at::Tensor mc_probabilities(Predictions& predictions, const Indices& indices, std::int64_t passes);

}  // namespace al_mpi
