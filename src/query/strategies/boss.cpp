#include <algorithm>
#include <set>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "src/query/scores/linear_head.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/query/registry.hpp>

namespace al_mpi {
namespace {

constexpr double ridge = 1e-3;  // as al_prepare embed's linear probe
constexpr int labeled_steps = 300;
// By as many steps the ranking of batches follows that of heads trained to the end (correlation of
// their accuracies 0.9 on EuroSAT's textures, 100 to 1000 labels and a batch of 100).
constexpr int batch_steps = 100;

/// What the members pick by turns, each from a random subset and with a seed of its own; equal
/// batches once.
std::vector<Picks> candidate_batches(const QueryContext& context) {
  const QueryOptions& options = context.options;
  const auto n_pool = static_cast<std::int64_t>(context.unlabeled.size());
  const std::int64_t size = std::max(context.n, std::min(options.boss_subset, n_pool / 2));
  RngStream rng = context.rng("query");
  std::vector<Picks> batches;
  std::set<Indices> known;
  for (std::int64_t i = 0; i < options.boss_candidates; ++i) {
    Indices subset = rng.sample(n_pool, size);
    for (std::int64_t& row : subset) row = context.unlabeled[static_cast<std::size_t>(row)];
    QueryContext some = context.about(subset, context.n, options);
    some.seed = static_cast<std::int64_t>(rng.below(std::uint64_t{1} << 31));
    some.keep_scores = nullptr;  // members score some candidates only, each in its own unit
    const auto member = static_cast<std::size_t>(i) % options.boss_members.size();
    const Picks picks = strategy(options.boss_members[member], options)(some);
    Indices batch;
    for (const Pick& pick : picks) batch.push_back(pick.index);
    std::sort(batch.begin(), batch.end());
    if (known.insert(batch).second) batches.push_back(picks);
    if (context.alive) context.alive();
  }
  return batches;
}

/// A linear head on penultimate features, trained on labelled samples and a batch, and how well it
/// does on the test set.
class Judge {
 public:
  explicit Judge(const QueryContext& context)
      : context_(context),
        test_(context.oracle_test()),
        standard_(test_.rows),
        tested_(standard_.of(test_.rows)),
        classes_(at::tensor(test_.labels)),
        labels_(context.labels) {
    std::int64_t last_class = *std::max_element(test_.labels.begin(), test_.labels.end());
    for (const std::int64_t label : labels_) last_class = std::max(last_class, label);
    for (const std::int64_t index : context.unlabeled) {
      last_class = std::max(last_class, class_of(index));
    }
    labeled_ = rows_of(context.labeled);
    head_ = at::zeros({tested_.size(1), last_class + 1});
    if (!labels_.empty()) {
      head_ = trained_head(labeled_, at::tensor(labels_), head_, {labeled_steps, ridge});
    }
  }

  /// Accuracy and minus mean loss: the greater pair is the better batch.
  std::pair<double, double> operator()(const Picks& picks) const {
    Indices batch;
    std::vector<std::int64_t> labels = labels_;
    for (const Pick& pick : picks) {
      batch.push_back(pick.index);
      labels.push_back(class_of(pick.index));
    }
    const at::Tensor head = trained_head(at::cat({labeled_, rows_of(batch)}), at::tensor(labels),
                                         head_, {batch_steps, ridge});
    const at::Tensor log_p = at::log_softmax(tested_.mm(head), 1);
    const at::Tensor right = log_p.argmax(1) == classes_;
    return {right.to(at::kDouble).mean().item<double>(),
            log_p.gather(1, classes_.unsqueeze(1)).mean().item<double>()};
  }

 private:
  std::int64_t class_of(std::int64_t index) const { return context_.oracle_classes(index).front(); }

  at::Tensor rows_of(const Indices& indices) const {
    if (indices.empty()) return at::zeros({0, tested_.size(1)});
    return standard_.of(context_.predictions.features(indices));
  }

  const QueryContext& context_;
  LabeledFeatures test_;
  Standard standard_;
  at::Tensor tested_, classes_;
  std::vector<std::int64_t> labels_;  ///< of the labelled samples
  at::Tensor labeled_;
  at::Tensor head_;  ///< trained on the labelled samples
};

}  // namespace

/// An ORACLE, which sees the test set and the labels of all candidates: a bound, no strategy. Its
/// members pick query.boss_candidates batches by turns, each from query.boss_subset candidates
/// drawn at random; with each a linear head on the network's penultimate features is trained on all
/// labelled samples and the batch, and the batch with the least error on the test set wins, of
/// equal errors that of the least loss. Score = that head's accuracy on the test set, the same for
/// all picks. Time: the members', and O((L + n) d C) a step of a head trained on L labels, 100
/// steps a batch from the head of the labelled samples.
/// Reference: BoSS: a best-of-strategies selector as an oracle for deep active
/// learning (arXiv 2603.13109). Differs: members and the head's training are ours; of a pool that
/// is smaller than two subsets half is drawn, so that batches of one member differ.
Picks boss(QueryContext& context) {
  if (!context.oracle_classes || !context.oracle_test) {
    throw DataError("pool", "labels", "boss needs those of all samples, and a test set");
  }
  const Judge judge(context);
  Picks best;
  std::pair<double, double> highest{-1.0, 0.0};
  for (const Picks& batch : candidate_batches(context)) {
    const std::pair<double, double> merit = judge(batch);
    if (!best.empty() && merit <= highest) continue;
    best = batch;
    highest = merit;
  }
  for (Pick& pick : best) pick.score = highest.first;
  return best;
}

}  // namespace al_mpi
