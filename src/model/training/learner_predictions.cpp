#include <algorithm>
#include <map>

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "batch_statistics.hpp"
#include "embeddings.hpp"
#include "model.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/layers/dropout.hpp"
#include "src/model/layers/layers.hpp"
#include "src/model/networks/loss_predictor.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

using FeatureMaps = std::vector<at::Tensor>;

/// Penultimate features of pool samples, each image computed once. Those of a region are the mean
/// over the cells of the map that it overlaps, which neighbours may share.
class FeatureCache {
 public:
  FeatureCache(const Model& model, const Regions& regions) : model_(model), regions_(regions) {}

  at::Tensor rows(const Indices& indices) {
    compute(indices);
    return values_.defined()
               ? values_.flatten(0, 1).index_select(0, upload(indices, values_.device()))
               : at::empty({0, 0});
  }

 private:
  void compute(const Indices& indices) {
    has_.resize(static_cast<std::size_t>(model_.dataset->train().n), false);
    Indices missing;
    for (const std::int64_t index : indices) {
      const std::int64_t image = regions_.image_of(index);
      if (!has_[static_cast<std::size_t>(image)]) missing.push_back(image);
      has_[static_cast<std::size_t>(image)] = true;
    }
    const std::int64_t batch_size = model_.prediction_batch();
    for (std::size_t first = 0; first < missing.size();) {
      const Indices batch = part(missing, static_cast<std::int64_t>(first), batch_size);
      store(batch, model_.encode("train", batch).back());
      first += batch.size();
    }
  }

  /// feature [b, d], or a map [b, d, h, w], which is averaged.
  void store(const Indices& batch, const at::Tensor& feature) {
    at::Tensor rows;  // [b, regions, d]
    if (regions_.are_images()) {
      rows = (feature.dim() == 4 ? feature.mean({2, 3}) : feature).to(at::kFloat).unsqueeze(1);
    } else {
      rows = at::adaptive_avg_pool2d(feature.to(at::kFloat), {regions_.rows, regions_.columns})
                 .flatten(2)
                 .transpose(1, 2);
    }
    if (!values_.defined()) {
      values_ = at::empty({static_cast<std::int64_t>(has_.size()), rows.size(1), rows.size(2)},
                          rows.options());
    }
    values_.index_copy_(0, upload(batch, values_.device()), rows);
  }

  const Model& model_;
  Regions regions_;
  at::Tensor values_;      ///< [n images, regions, d] on the device; without `has_` not set
  std::vector<bool> has_;  ///< [n images]
};

/// Samples of one batch of images.
struct Batch {
  std::int64_t first = 0;  ///< of the samples asked for
  Indices images;
  Indices rows;  ///< of the samples, among the regions of these images
};

class LearnerPredictions : public Predictions {
 public:
  LearnerPredictions(Model& model, int round)
      : model_(model),
        round_(round),
        regions_(regions_of(model.dataset->train().height, model.dataset->train().width,
                            model.options.predictions.region)),
        cache_(model, regions_) {}

  std::int64_t n_classes() const override {
    return static_cast<std::int64_t>(model_.valid_classes.size());
  }

  void each_probabilities(const Indices& indices, const BatchFn& fn) override {
    const at::NoGradGuard no_grad;
    each_batch(indices, batch_size(1), [&](const Batch& batch) {
      fn(batch.first, of_samples(batch, softmax(feature_maps(batch.images))));
    });
  }

  void each_mc_probabilities(const Indices& indices, std::int64_t passes,
                             const BatchFn& fn) override {
    const at::NoGradGuard no_grad;
    if (model_.options.predictions.mc_batch_norm == McBatchNorm::batch)
      return each_batch_norm(indices, passes, fn);
    each_batch(indices, batch_size(passes), [&](const Batch& batch) {
      const FeatureMaps maps = feature_maps(batch.images);
      std::vector<at::Tensor> all;
      if (model_.in_bulk) {
        const at::Tensor at_once =
            of_samples(batch, softmax(all_dropped(maps, passes)).unflatten(0, {passes, -1}));
        return fn(batch.first, at_once);
      }
      for (std::int64_t t = 0; t < passes; ++t) {
        all.push_back(of_samples(batch, softmax(dropped(maps, t))));
      }
      fn(batch.first, at::stack(all));
    });
  }

  at::Tensor features(const Indices& indices) override { return cache_.rows(indices).cpu(); }

  at::Tensor embeddings(const Indices& indices) override {
    if (!model_.embeddings.defined()) {
      const PredictionOptions& options = model_.options.predictions;
      model_.embeddings =
          regions_.are_images()
              ? split_embeddings(*model_.dataset, "train", options.embeddings)
              : region_embeddings(*model_.dataset, options.embeddings, options.region);
    }
    return model_.embeddings.index_select(0, at::tensor(indices));
  }

  at::Tensor predicted_losses(const Indices& indices) override {
    if (!model_.loss_predictor) {
      throw DataError("model", "", "no loss predictor was trained with this network");
    }
    check(regions_.are_images(), "predicted losses of regions");
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> losses = {
        at::empty({0}, model_.valid_rows.options().dtype(at::kFloat))};
    each_batch(indices, batch_size(1), [&](const Batch& batch) {
      losses.push_back(model_.loss_predictor->forward(model_.encode("train", batch.images)));
    });
    const at::Tensor all = at::cat(losses).cpu();
    if (!all_finite({all})) throw diverged(model_, " (predicted losses are no finite numbers)");
    return all;
  }

  LinearHead head() override {
    const LinearHead head = model_.network->head();
    const at::Tensor rows = at::tensor(model_.valid_classes);
    return {head.weight.detach().cpu().index_select(0, rows),
            head.bias.detach().cpu().index_select(0, rows)};
  }

  void each_images(const Indices& indices, const ImageBatchFn& fn) override {
    check(regions_.are_images(), "images of regions");
    const FrozenWeights frozen(*model_.network);
    const LogitsFn logits = [this](const at::Tensor& images) {
      const PrecisionScope precision(model_.options.training.precision, model_.device);
      return model_.valid_logits(model_.network->encode(images));
    };
    each_batch(indices, batch_size(1), [&](const Batch& batch) {
      // Steps along the gradients, which come in that order, then cost no reordering.
      fn(batch.first, prepared(model_.inputs("train", batch.images)), logits);
    });
  }

 private:
  /// Gradients flow to the images only: those of the weights would cost as much again.
  class FrozenWeights {
   public:
    explicit FrozenWeights(Network& network) {
      network.eval();
      for (const at::Tensor& weight : network.parameters()) {
        if (weight.requires_grad()) weights_.push_back(weight.requires_grad_(false));
      }
    }
    ~FrozenWeights() {
      for (const at::Tensor& weight : weights_) weight.requires_grad_(true);
    }

   private:
    std::vector<at::Tensor> weights_;
  };

  /// Batches of at most `size` images. An image counts once for all samples in a row that lie in
  /// it.
  template <class Fn>
  void each_batch(const Indices& indices, std::int64_t size, const Fn& fn) const {
    const auto n = static_cast<std::int64_t>(indices.size());
    for (std::int64_t i = 0; i < n;) {
      Batch batch;
      batch.first = i;
      for (; i < n; ++i) {
        const std::int64_t index = indices[static_cast<std::size_t>(i)];
        const std::int64_t image = regions_.image_of(index);
        if (regions_.are_images() || batch.images.empty() || batch.images.back() != image) {
          if (static_cast<std::int64_t>(batch.images.size()) == size) break;
          batch.images.push_back(image);
        }
        const auto place = static_cast<std::int64_t>(batch.images.size()) - 1;
        batch.rows.push_back(place * regions_.per_image() + index % regions_.per_image());
      }
      fn(batch);
    }
  }

  /// Maps of the batch's images [..., b, C, H, W] -> of its samples [..., n, C, height, width].
  at::Tensor of_samples(const Batch& batch, const at::Tensor& maps) const {
    if (regions_.are_images()) return maps;
    const std::int64_t b = maps.dim() - 4;
    const at::Tensor cut = maps.unflatten(b + 3, {regions_.columns, regions_.width})
                               .unflatten(b + 2, {regions_.rows, regions_.height})
                               .movedim({b + 2, b + 4}, {b + 1, b + 2})  // b, rows, columns, C, ...
                               .flatten(b, b + 2);
    const bool all = static_cast<std::int64_t>(batch.rows.size()) == cut.size(b) &&
                     std::is_sorted(batch.rows.begin(), batch.rows.end());
    return all ? cut : cut.index_select(b, upload(batch.rows, cut.device()));
  }

  /// Images a batch; for segmentation so few that the probability maps of a batch stay below 32
  /// MiB, or that all passes of a batch in bulk are as many as one pass of others.
  std::int64_t batch_size(std::int64_t passes) const {
    const std::int64_t wanted = model_.prediction_batch();
    if (!model_.segmentation()) return wanted;
    if (model_.in_bulk) return std::max<std::int64_t>(1, wanted / passes);
    const Split& pool = model_.dataset->train();
    const std::int64_t image_bytes = 4 * passes * n_classes() * pool.height * pool.width;
    return std::clamp<std::int64_t>((std::int64_t{32} << 20) / image_bytes, 1, wanted);
  }

  /// encode() of a batch; a classifier's one feature comes from the cache.
  FeatureMaps feature_maps(const Indices& batch) {
    if (model_.segmentation()) return model_.encode("train", batch);
    return {cache_.rows(batch)};
  }

  at::Tensor softmax(const FeatureMaps& maps) const {
    const at::Tensor logits = model_.logits(maps);
    if (model_.segmentation() &&
        model_.options.predictions.ignored_class == IgnoredClass::cut_off) {
      return model_.valid(at::softmax(logits, 1));
    }
    return at::softmax(model_.valid(logits), 1);
  }

  /// The mask [1, ...] of pass t, one for all samples, drawn from a key of its own.
  const at::Tensor& mask(std::int64_t t, const at::Tensor& deepest) {
    at::Tensor& mask = masks_[t];
    if (!mask.defined()) {
      RngStream rng(model_.seed, fmt::format("mc_dropout {}", t),
                    static_cast<std::uint64_t>(round_));
      std::vector<std::int64_t> sizes = deepest.sizes().vec();
      sizes[0] = 1;
      mask = upload(dropout_mask(sizes, model_.options.model.dropout, rng), deepest.device());
    }
    return mask;
  }

  /// The maps as pass t sees them.
  FeatureMaps dropped(FeatureMaps maps, std::int64_t t) {
    at::Tensor& deepest = maps.back();
    if (model_.options.model.dropout > 0) deepest = deepest * mask(t, deepest);
    return maps;
  }

  /// The maps as all passes see them, one pass after the other: [passes x b, ...].
  FeatureMaps all_dropped(FeatureMaps maps, std::int64_t passes) {
    const auto copies = static_cast<std::size_t>(passes);
    const bool drops = model_.options.model.dropout > 0;
    std::vector<at::Tensor> deepest(copies, maps.back());
    for (std::size_t t = 0; t < copies && drops; ++t) {
      deepest[t] = maps.back() * mask(static_cast<std::int64_t>(t), maps.back());
    }
    for (at::Tensor& map : maps) map = at::cat(std::vector<at::Tensor>(copies, map));
    maps.back() = at::cat(deepest);
    return maps;
  }

  /// MC dropout with the statistics of query batches of mc_batch_size, in the order of `indices`.
  void each_batch_norm(const Indices& indices, std::int64_t passes, const BatchFn& fn) {
    if (!model_.options.model.torchscript.empty()) {
      throw ConfigError("query.mc_batch_norm",
                        "a TorchScript module's BatchNorm cannot be driven "
                        "from here (use frozen)");
    }
    BatchStatisticsMode mode(*model_.network, passes);
    each_batch(indices, model_.options.predictions.mc_batch_size, [&](const Batch& batch) {
      const PrecisionScope precision(model_.options.training.precision, model_.device);
      // A lone image is shown twice: BatchNorm needs two values a channel.
      const Indices& images = batch.images;
      const auto n = static_cast<std::int64_t>(images.size());
      const Indices shown = n > 1 ? images : Indices{images[0], images[0]};
      const FeatureMaps maps = model_.network->encode(model_.inputs("train", shown));
      std::vector<at::Tensor> all;
      for (std::int64_t t = 0; t < passes; ++t) {
        all.push_back(of_samples(batch, softmax(dropped(maps, t)).narrow(0, 0, n)));
        mode.take(t);
      }
      fn(batch.first, at::stack(all));
    });
    mode.finish();
  }

  Model& model_;
  int round_;
  Regions regions_;
  FeatureCache cache_;
  std::map<std::int64_t, at::Tensor> masks_;
};

}  // namespace

std::unique_ptr<Predictions> learner_predictions(Model& model, int round) {
  return std::make_unique<LearnerPredictions>(model, round);
}

}  // namespace al_mpi
