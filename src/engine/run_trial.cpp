#include <al_mpi/engine/run_trial.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>

#include "checkpoint.hpp"
#include "fault.hpp"
#include "score_file.hpp"
#include "tile_file.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/engine/network_file.hpp>
#include <al_mpi/io/atomic_file.hpp>
#include <al_mpi/model/gpu_memory.hpp>
#include <al_mpi/query/diagnostics.hpp>
#include <al_mpi/query/registry.hpp>

namespace al_mpi {
namespace {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

LearnerOptions learner_options(const TrialInput& input) {
  LearnerOptions options = input.learner;
  options.predictions = input.query;
  options.predicts_losses = needs_predicted_losses(input.spec.strategy, input.query);
  return options;
}

/// One trial in progress.
class Trial {
 public:
  Trial(const TrialInput& input, const TrialEvents& events, const KnownSamples* known = nullptr)
      : input_(input),
        events_(events),
        query_(strategy(input.spec.strategy, input.query)),
        init_(initial_set(input.spec.init)),
        dataset_(with_duplicates(input.dataset, input.oracle.duplicates)),
        pool_(*dataset_, input.oracle, input.spec.seed, input.query.region),
        learner_(dataset_, learner_options(input), input.spec.seed) {
    state_.key = input.spec.key();
    state_.fingerprint = input.fingerprint;
    if (!input.network_file.empty())
      AtomicFile writable(input.network_file);  // before hours of training
    known != nullptr ? take(*known) : hold_out_at_random();
  }

  TrialEnd run() {
    if (!resume()) choose(0, *learner_.predictions(0));
    while (n_rounds_done() <= input_.loop.n_rounds) {
      if (events_.should_stop && events_.should_stop()) return TrialEnd::stopped;
      run_round(n_rounds_done());
    }
    if (!input_.network_file.empty()) keep_network();
    return TrialEnd::done;
  }

  AskedRound run_one(int round) {
    AskedRound asked;
    if (state_.next_picks.empty()) {  // nothing to learn from
      choose(0, *learner_.predictions(0));
    } else {
      run_round(round);
      asked.record = state_.rounds.back();
      asked.guesses = guesses(*learner_.predictions(round + 1));
      if (!input_.network_file.empty()) keep_network();
    }
    asked.next_picks = state_.next_picks;
    return asked;
  }

 private:
  /// Whole images, also where regions are labelled.
  void hold_out_at_random() {
    const std::int64_t n_validation = input_.learner.training.validation;
    const std::int64_t per_image = pool_.regions().per_image();
    check_budget(input_.loop, n_validation, static_cast<double>(pool_.n_offered()), per_image);
    const Indices drawn = RngStream(input_.spec.seed, "validation")
                              .sample(pool_.n_offered() / per_image, n_validation);
    const Indices offered = pool_.unlabeled();
    Indices held_out;
    for (const std::int64_t image : drawn) {
      const auto first = offered.begin() + image * per_image;
      held_out.insert(held_out.end(), first, first + per_image);
    }
    pool_.hold_out(held_out);
  }

  void take(const KnownSamples& known) {
    left_out_ = {known.left_out.begin(), known.left_out.end()};
    pool_.hold_out(known.held_out);
    for (const std::int64_t index : known.labeled) state_.next_picks.push_back({index, -1, 0});
  }

  int n_rounds_done() const { return static_cast<int>(state_.rounds.size()); }
  bool classification() const { return dataset_->task == Task::classification; }

  void run_round(int round) {
    inject_fault(state_.key, round, input_.attempt);
    RoundRecord record;
    record.trial = input_.spec.trial;
    record.key = state_.key;
    record.round = round;
    record.attempt = input_.attempt;
    record.picks = buy(state_.next_picks);
    record.n_labeled = pool_.n_bought();

    const Stopwatch training;
    const TrainReport report = learner_.train(pool_, round, events_.alive);
    const double seconds_train = training.seconds();
    trained_ = true;
    const Stopwatch evaluating;
    Evaluation evaluation;
    if (dataset_->splits.count("test") > 0) {  // only answers that people held out may be missing
      evaluation = learner_.evaluate("test");
      record.metrics = evaluation.metrics();
    }
    if (!classification()) add_pixel_metrics(record, evaluation);
    record.metrics.insert(record.metrics.end(), {{"cost", pool_.cost()},
                                                 {"train_loss", report.loss},
                                                 {"steps", static_cast<double>(report.steps)},
                                                 {"seconds_query", state_.seconds_query},
                                                 {"seconds_train", seconds_train},
                                                 {"seconds_evaluate", evaluating.seconds()}});
    if (input_.learner.training.pseudo_labels.weight > 0) {
      record.metrics.emplace_back("pseudo_labels", static_cast<double>(report.n_pseudo_labels));
    }
    if (!pool_.held_out().empty()) {
      record.metrics.emplace_back("validation_loss", report.validation_loss);
      record.metrics.emplace_back("validation_accuracy", report.validation_accuracy);
    }
    const auto predictions = learner_.predictions(round + 1);
    add_diagnostics(record, *predictions);
    record.confusion = evaluation.confusion.counts;
    record.calibration = evaluation.calibration;
    record.weights_hash = learner_.weights_hash();
    state_.rounds.push_back(record);

    // The next picks are chosen before the checkpoint, from this round's weights: where each round
    // starts from new weights, a checkpoint then needs none and stays a few kilobytes.
    state_.next_picks.clear();
    if (round < input_.loop.n_rounds) choose(round + 1, *predictions);
    if (round == input_.loop.n_rounds && !input_.tile_file.empty()) keep_tiles();
    save();
    if (events_.round) events_.round(record);
  }

  void keep_tiles() const {
    const Indices tiles = evenly_spread(input_.n_tiles, dataset_->test().n);
    try {
      save_tiles(input_.tile_file, state_.key, tiles, learner_.pixel_maps("test", tiles),
                 dataset_->test());
    } catch (const DataError& error) {  // pictures cost no trial
      spdlog::warn("{}; the report shows no predictions of this trial", error.what());
    }
  }

  void add_pixel_metrics(RoundRecord& record, const Evaluation& evaluation) const {
    auto& metrics = record.metrics;
    const Dataset& dataset = *input_.dataset;
    for (auto& metric : pixel_metrics(evaluation, dataset.classes, dataset.ignore_label)) {
      metrics.push_back(std::move(metric));
    }
    if (input_.loop.reference_mean_iou) {
      metrics.emplace_back("reference_mean_iou", reference_mean_iou(evaluation.all_pixels));
    }
    const PixelCounts bought = pool_.pixels_labeled();
    metrics.emplace_back("pixels_labeled", static_cast<double>(bought.all));
    metrics.emplace_back("pixels_foreground", static_cast<double>(bought.foreground));
    if (input_.query.region > 0) {
      const std::size_t n_visited = pool_.labeled_images().size() + pool_.held_out_images().size();
      metrics.emplace_back("images_visited", static_cast<double>(n_visited));
    }
  }

  void keep_network() {
    // A finished trial was resumed: where each round starts from new weights, its checkpoint holds
    // none.
    const bool has_weights = trained_ || input_.learner.training.reset != Reset::full;
    if (!has_weights) learner_.train(pool_, static_cast<int>(input_.loop.n_rounds), events_.alive);
    save_network(input_.network_file, learner_.trained_network());
  }

  /// Fills next_picks: the initial set (round 0) or the strategy's query.
  void choose(int round, Predictions& predictions) {
    if (events_.alive) events_.alive();
    const Stopwatch stopwatch;
    const bool initial = round == 0;
    Indices unlabeled = pool_.unlabeled();
    const auto is_left_out = [this](std::int64_t index) { return left_out_.count(index) > 0; };
    unlabeled.erase(std::remove_if(unlabeled.begin(), unlabeled.end(), is_left_out),
                    unlabeled.end());
    const std::int64_t n = std::min(initial ? input_.loop.n_init : input_.loop.n_query,
                                    static_cast<std::int64_t>(unlabeled.size()));
    if (n == 0) return;  // people have answered for the whole pool
    const std::vector<std::int64_t> labels = labels_of_labeled();
    QueryContext context{unlabeled,    pool_.labeled(), labels,           n,
                         input_.query, predictions,     input_.spec.seed, round};
    context.oracle_classes = [this](std::int64_t index) { return pool_.oracle_classes(index); };
    if (classification()) {
      context.oracle_test = [this] { return learner_.features("test"); };
    }
    context.alive = events_.alive;
    context.pool_size = pool_.size();
    context.cost_of = [this](std::int64_t index) { return pool_.cost_of({index}); };
    PoolScores scores;
    if (!input_.scores.empty()) {
      context.keep_scores = [&](const Indices& indices, const at::Tensor& values) {
        scores.index.insert(scores.index.end(), indices.begin(), indices.end());
        const at::Tensor kept = values.to(at::kDouble).contiguous();
        scores.score.insert(scores.score.end(), kept.data_ptr<double>(),
                            kept.data_ptr<double>() + kept.numel());
      };
    }
    const Picks picks = initial ? init_(context) : query_(context);
    check(static_cast<std::int64_t>(picks.size()) == n, "{} chose {} of {} samples",
          initial ? input_.spec.init : input_.spec.strategy, picks.size(), n);
    for (const Pick& pick : picks) state_.next_picks.push_back({pick.index, -1, pick.score});
    state_.seconds_query = stopwatch.seconds();
    if (!scores.index.empty()) save_scores(input_.scores, state_.key, round, scores);
  }

  /// What the network makes of every sample of the pool.
  std::vector<ClassGuess> guesses(Predictions& predictions) const {
    Indices all(static_cast<std::size_t>(pool_.size()));
    std::iota(all.begin(), all.end(), 0);
    std::vector<ClassGuess> found(all.size());
    predictions.each_probabilities(all, [&](std::int64_t first, const at::Tensor& values) {
      const at::Tensor rows = values.to(at::kCPU).contiguous();
      const auto n_classes = rows.size(1);
      const float* row = rows.data_ptr<float>();
      for (std::int64_t i = 0; i < rows.size(0); ++i, row += n_classes) {
        const float* best = std::max_element(row, row + n_classes);
        found[static_cast<std::size_t>(first + i)] = {best - row, static_cast<double>(*best)};
      }
    });
    return found;
  }

  /// How well the labelled set covers the pool, how varied its last batch is, how sure the network
  /// is of the rest.
  void add_diagnostics(RoundRecord& record, Predictions& predictions) const {
    const Diagnostics wanted = input_.loop.diagnostics;
    if (wanted == Diagnostics::none) return;
    Indices batch;
    for (const PickRecord& pick : record.picks) batch.push_back(pick.index);
    const Indices rest = pool_.unlabeled();
    const auto add = [&](const char* name, double value) {
      record.metrics.emplace_back(name, value);
    };
    add("coverage_radius",
        coverage_radius(predictions.embeddings(rest), predictions.embeddings(pool_.labeled())));
    add("batch_diversity", mean_pairwise_distance(predictions.embeddings(batch)));
    if (wanted == Diagnostics::all) add("pool_entropy", mean_entropy(predictions, rest));
  }

  /// The oracle answers: marks the picks as labelled and fills in their labels.
  std::vector<PickRecord> buy(std::vector<PickRecord> picks) {
    Indices indices;
    for (const PickRecord& pick : picks) indices.push_back(pick.index);
    pool_.label(indices);
    if (classification()) {
      for (PickRecord& pick : picks) pick.label = pool_.label_of(pick.index);
    }
    return picks;
  }

  std::vector<std::int64_t> labels_of_labeled() const {
    std::vector<std::int64_t> labels;
    if (!classification()) return labels;
    for (const std::int64_t index : pool_.labeled()) labels.push_back(pool_.label_of(index));
    return labels;
  }

  /// Goes on from the checkpoint, if there is a fitting one.
  bool resume() {
    if (input_.checkpoint.empty()) return false;
    try {
      auto found = load_checkpoint(input_.checkpoint);
      if (!found) return false;
      if (found->key != state_.key || found->fingerprint != state_.fingerprint) {
        spdlog::warn("{}: belongs to another trial or other settings; the trial begins anew",
                     input_.checkpoint);
        return false;
      }
      if (!found->learner_state.empty()) learner_.load_state(found->learner_state);
      state_ = std::move(*found);
    } catch (const DataError& error) {
      spdlog::warn("{}; the trial begins anew", error.what());
      return false;
    }
    for (RoundRecord& record : state_.rounds) {
      buy(record.picks);
      record.trial = input_.spec.trial;  // a grid that has grown may have renumbered it
      if (events_.round) events_.round(record);
    }
    return true;
  }

  void save() {
    if (input_.checkpoint.empty()) return;
    if (input_.learner.training.reset != Reset::full) state_.learner_state = learner_.state();
    try {
      save_checkpoint(input_.checkpoint, state_);
    } catch (const DataError& error) {  // a full disk may cost the rounds so far, not the trial
      spdlog::warn("{}; the trial goes on without a checkpoint of this round", error.what());
    }
  }

  const TrialInput& input_;
  const TrialEvents& events_;
  QueryFn query_;
  QueryFn init_;
  std::shared_ptr<const Dataset> dataset_;
  Pool pool_;
  std::set<std::int64_t> left_out_;  ///< not to be asked for, where people answer
  Learner learner_;
  Checkpoint state_;
  bool trained_ = false;  ///< in this process: the learner holds the last round's weights
};

/// What `work` returns; where the GPU has no room, once more with the images in the host's memory.
template <class Work>
auto with_room(const TrialInput& input, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    if (!is_out_of_gpu_memory(error)) throw;
    spdlog::warn("{}: {}; once more, with the images in the host's memory", input.spec.key(),
                 out_of_gpu_memory_message(error));
  }
  spare_gpu_memory();
  try {
    return work();
  } catch (const c10::Error& error) {
    if (!is_out_of_gpu_memory(error)) throw;
    throw Error(ExitCode::internal, out_of_gpu_memory_message(error));
  }
}

}  // namespace

TrialEnd run_trial(const TrialInput& input, const TrialEvents& events) {
  TrialEvents told = events;  // the second try begins with rounds that the first has told
  int n_rounds_told = 0;
  if (events.round) {
    told.round = [&](const RoundRecord& record) {
      if (record.round < n_rounds_told) return;
      n_rounds_told = record.round + 1;
      events.round(record);
    };
  }
  return with_room(input, [&] { return Trial(input, told).run(); });
}

AskedRound run_asked_round(const TrialInput& input, const KnownSamples& known, int round,
                           const TrialEvents& events) {
  check(input.dataset->task == Task::classification && input.learner.training.reset == Reset::full,
        "people are asked for classes, and networks trained anew");
  TrialInput one = input;
  one.loop.n_rounds = round + 1;  // one more is to be asked for
  return with_room(input, [&] { return Trial(one, events, &known).run_one(round); });
}

}  // namespace al_mpi
