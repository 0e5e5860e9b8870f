#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include "src/engine/checkpoint.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/metrics.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/engine/network_file.hpp>
#include <al_mpi/engine/run_trial.hpp>
#include <al_mpi/io/hdf5.hpp>

using namespace al_mpi;
namespace fs = std::filesystem;

namespace {

std::shared_ptr<const Dataset> scenes() {
  static const auto dataset = [] {
    SyntheticOptions options;
    options.n_train = 80;
    options.n_test = 40;
    options.n_classes = 4;
    options.tile = 16;
    return make_synthetic(options);
  }();
  return dataset;
}

TrialInput small_trial(const std::string& strategy = "margin_sampling") {
  TrialInput input;
  input.spec = {5, strategy, "random", 3, {}};
  input.loop = {8, 6, 3};
  input.learner.model.name = "small_cnn";
  input.learner.training.epochs = 2;
  input.learner.training.batch_size = 8;
  input.dataset = scenes();
  input.fingerprint = "settings";
  return input;
}

/// Four test tiles of 16 x 16.
TrialInput pixel_trial() {
  SyntheticOptions options;
  options.task = Task::segmentation;
  options.n_train = 12;
  options.n_test = 4;
  options.tile = 16;
  TrialInput input = small_trial("entropy_sampling");
  input.dataset = make_synthetic(options);
  input.learner.model.name = "unet_resnet18";
  input.learner.training.epochs = 1;
  input.loop = {4, 4, 1};
  return input;
}

std::vector<RoundRecord> records_of(const TrialInput& input, int stop_after = -1) {
  std::vector<RoundRecord> records;
  TrialEvents events;
  events.round = [&](const RoundRecord& record) { records.push_back(record); };
  events.should_stop = [&] { return static_cast<int>(records.size()) == stop_after; };
  const TrialEnd end = run_trial(input, events);
  CHECK(end == (stop_after < 0 ? TrialEnd::done : TrialEnd::stopped));
  for (const RoundRecord& record : records) {
    for (const auto& [name, value] : record.metrics) {
      INFO(name << " is not in src/catalog/metrics.def");
      CHECK(is_known_metric(name));
    }
  }
  return records;
}

/// Equal but for times and attempt.
void check_equal(const std::vector<RoundRecord>& a, const std::vector<RoundRecord>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t r = 0; r < a.size(); ++r) {
    CHECK(a[r].weights_hash == b[r].weights_hash);
    CHECK(a[r].confusion == b[r].confusion);
    CHECK(a[r].calibration == b[r].calibration);
    CHECK(metric(a[r], "train_loss") == metric(b[r], "train_loss"));
    CHECK(metric(a[r], "nll") == metric(b[r], "nll"));
    REQUIRE(a[r].picks.size() == b[r].picks.size());
    for (std::size_t i = 0; i < a[r].picks.size(); ++i) {
      CHECK(a[r].picks[i].index == b[r].picks[i].index);
      CHECK(a[r].picks[i].label == b[r].picks[i].label);
      CHECK(a[r].picks[i].score == b[r].picks[i].score);
    }
  }
}

}  // namespace

TEST_CASE("a trial buys n_init + r x n_query labels, each once, and tells the oracle's answers") {
  const auto records = records_of(small_trial());
  REQUIRE(records.size() == 4);
  std::set<std::int64_t> bought;
  for (std::size_t r = 0; r < records.size(); ++r) {
    CHECK(records[r].round == static_cast<int>(r));
    CHECK(records[r].trial == 5);
    CHECK(records[r].key == "margin_sampling/random/3");
    CHECK(records[r].n_labeled == static_cast<std::int64_t>(8 + 6 * r));
    CHECK(metric(records[r], "cost") == static_cast<double>(records[r].n_labeled));
    for (const PickRecord& pick : records[r].picks) {
      CHECK(bought.insert(pick.index).second);
      CHECK(pick.label == scenes()->train().labels[static_cast<std::size_t>(pick.index)]);
    }
    CHECK(static_cast<std::int64_t>(bought.size()) == records[r].n_labeled);
    std::int64_t tested = 0;
    for (const std::int64_t count : records[r].confusion) tested += count;
    CHECK(tested == 40);
    const std::vector<double>& bins = records[r].calibration;
    double gap = 0, predictions = 0, correct = 0;
    for (std::size_t b = 0; b < bins.size(); b += 3) {
      gap += std::abs(bins[b + 1] - bins[b]);
      correct += bins[b + 1];
      predictions += bins[b + 2];
    }
    CHECK(predictions == 40);
    CHECK(correct / 40 == Approx(metric(records[r], "accuracy")));
    CHECK(gap / 40 == Approx(metric(records[r], "ece")).margin(1e-12));
    CHECK(metric(records[r], "accuracy") >= 0.0);
    CHECK(metric(records[r], "steps") > 0.0);
  }
}

TEST_CASE("the same trial gives the same records, another seed gives others") {
  const auto first = records_of(small_trial());
  check_equal(first, records_of(small_trial()));
  TrialInput other = small_trial();
  other.spec.seed = 4;
  CHECK(records_of(other)[0].weights_hash != first[0].weights_hash);
}

TEST_CASE("strategies share the initial set and the first round of their seed") {
  const auto margin = records_of(small_trial("margin_sampling"));
  const auto random = records_of(small_trial("random_sampling"));
  CHECK(margin[0].weights_hash == random[0].weights_hash);
  CHECK(margin[1].picks[0].index != random[1].picks[0].index);
}

TEST_CASE("a trial stopped after any round and resumed equals an undisturbed one") {
  const Reset reset = GENERATE(Reset::full, Reset::none);
  const McBatchNorm batch_norm = GENERATE(McBatchNorm::frozen, McBatchNorm::batch);
  TrialInput input = small_trial("entropy_sampling_dropout");
  input.learner.training.reset = reset;
  input.query.mc_batch_norm = batch_norm;
  input.query.mc_passes = 3;
  const auto whole = records_of(input);
  for (int stop_after = 0; stop_after <= 3; ++stop_after) {
    const ScratchFolder folder;
    TrialInput interrupted = input;
    interrupted.checkpoint = folder.file("trial.ckpt");
    const auto before = records_of(interrupted, stop_after);
    CHECK(static_cast<int>(before.size()) == stop_after);
    check_equal(whole, records_of(interrupted));  // known rounds are told again
  }
}

TEST_CASE("a trial with a loss predictor, asked directly or by a stage, is resumed bit for bit") {
  TrialInput input = small_trial(GENERATE("loss_prediction", "two_stage"));
  input.query.two_stage_first = "loss_prediction";
  input.learner.training.reset = GENERATE(Reset::full, Reset::none);
  const auto whole = records_of(input);
  for (int stop_after = 1; stop_after <= 2; ++stop_after) {
    const ScratchFolder folder;
    TrialInput interrupted = input;
    interrupted.checkpoint = folder.file("trial.ckpt");
    records_of(interrupted, stop_after);
    check_equal(whole, records_of(interrupted));
  }
}

TEST_CASE("a schedule buys what its strategies buy, and is resumed within and between them") {
  TrialInput input = small_trial("schedule");
  input.query.schedule = {{"margin_sampling", 2}, {"bald_dropout", 0}};
  input.query.mc_passes = 3;
  const auto whole = records_of(input);
  const auto margin = records_of(small_trial("margin_sampling"));
  check_equal({whole.begin(), whole.begin() + 3}, {margin.begin(), margin.begin() + 3});
  CHECK(whole[3].weights_hash != margin[3].weights_hash);
  for (int stop_after = 0; stop_after <= 3; ++stop_after) {
    const ScratchFolder folder;
    TrialInput interrupted = input;
    interrupted.checkpoint = folder.file("trial.ckpt");
    records_of(interrupted, stop_after);
    check_equal(whole, records_of(interrupted));
  }
}

TEST_CASE("boss knows the accuracy that a head on the round's features reaches") {
  TrialInput input = small_trial("boss");
  input.query.boss_candidates = 24;
  const auto records = records_of(input);
  check_equal(records, records_of(input));
  for (std::size_t r = 1; r < records.size(); ++r) {
    const double accuracy = records[r].picks.front().score * 40;  // of as many test images
    CHECK(accuracy == std::round(accuracy));
    CHECK(accuracy > 10);  // four classes
  }
}

TEST_CASE("a checkpoint of other settings, or a damaged one, is not resumed from") {
  const ScratchFolder folder;
  TrialInput input = small_trial();
  input.checkpoint = folder.file("trial.ckpt");
  const auto whole = records_of(input);

  TrialInput other = input;
  other.fingerprint = "other settings";
  other.learner.training.epochs = 1;
  const auto anew = records_of(other);
  CHECK(anew[0].weights_hash != whole[0].weights_hash);

  fs::resize_file(input.checkpoint, fs::file_size(input.checkpoint) / 2);
  check_equal(whole, records_of(input));
}

TEST_CASE("more labels than samples, and unknown names, are configuration errors") {
  TrialInput input = small_trial();
  input.loop.n_rounds = 13;
  CHECK_THROWS_WITH(run_trial(input), Contains("n_query = 86 exceeds the pool of 80 samples"));
  input = small_trial("no_such_strategy");
  CHECK_THROWS_AS(run_trial(input), ConfigError);
}

TEST_CASE("the whole pool can be bought") {
  TrialInput input = small_trial("random_sampling");
  input.loop = {40, 40, 1};
  CHECK(records_of(input).back().n_labeled == 80);
}

TEST_CASE("a checkpoint that cannot be written costs a warning, not the trial") {
  const ScratchFolder folder;
  TrialInput input = small_trial();
  const auto expected = records_of(input);
  input.checkpoint = folder.file("no/such/folder/trial.checkpoint");
  check_equal(records_of(input), expected);
}

TEST_CASE("rounds of a segmentation say what the labels cost and how each class fares") {
  TrialInput input = pixel_trial();
  const auto records = records_of(input);
  CHECK(metric(records[0], "pixels_labeled") == 4 * 256);
  CHECK(metric(records[1], "pixels_labeled") == 8 * 256);
  CHECK(metric(records[1], "pixels_foreground") > metric(records[0], "pixels_foreground"));
  CHECK(metric(records[1], "pixels_foreground") < 8 * 256);
  CHECK(metric(records[1], "frequency_weighted_iou") >= 0.0);
  const auto has = [](const RoundRecord& record, const std::string& name) {
    return std::any_of(record.metrics.begin(), record.metrics.end(),
                       [&](const auto& entry) { return entry.first == name; });
  };
  CHECK(metric(records[1], "boundary_f1") >= 0.0);
  CHECK(metric(records[1], "ignored_share") > 0.0);
  CHECK(has(records[0], "iou_shrub_and_scrub"));
  CHECK(has(records[0], "f1_shrub_and_scrub"));
  CHECK_FALSE(has(records[0], "iou_no_data"));
  CHECK_FALSE(has(records[0], "reference_mean_iou"));
  input.spec.strategy = "loss_prediction";
  CHECK(records_of(input)[1].picks.size() == 4);
  input.loop.reference_mean_iou = true;
  CHECK(has(records_of(input)[0], "reference_mean_iou"));
}

TEST_CASE("predictions of test tiles are kept with the last round, and agree with its numbers") {
  const ScratchFolder folder;
  TrialInput input = pixel_trial();
  input.tile_file = folder.file("sweep.tiles/trial.h5");
  input.n_tiles = 9;
  const RoundRecord last = records_of(input).back();
  const Hdf5File file = Hdf5File::open(input.tile_file);
  CHECK(file.text_attribute("/", "key") == input.spec.key());
  CHECK(file.read<std::int64_t>("/index") == std::vector<std::int64_t>{0, 1, 2, 3});
  const auto predicted = file.read<std::uint8_t>("/prediction");
  const auto entropy = file.read<float>("/entropy");
  REQUIRE(predicted.size() == 4 * 256);
  std::int64_t correct = 0;
  const Split& test = input.dataset->test();
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    REQUIRE(predicted[i] != input.dataset->ignore_label);
    REQUIRE((entropy[i] >= 0.0F && entropy[i] <= 1.0001F));
    correct += predicted[i] == test.label_map(0)[i] ? 1 : 0;
  }
  std::int64_t diagonal = 0;
  const auto k = input.dataset->classes.size();
  for (std::size_t c = 0; c < k; ++c) diagonal += last.confusion[c * k + c];
  CHECK(correct == diagonal);
  input.n_tiles = 2;
  records_of(input);
  CHECK(Hdf5File::open(input.tile_file).read<std::int64_t>("/index") ==
        std::vector<std::int64_t>{0, 2});
  input.tile_file = "/proc/no/such/folder/trial.h5";  // costs a warning, not the trial
  CHECK(records_of(input).size() == 2);
}

namespace {

TrialInput region_trial(const std::string& strategy, std::int64_t region) {
  static const auto dataset = [] {
    SyntheticOptions options;
    options.task = Task::segmentation;
    options.n_train = 14;
    options.n_test = 4;
    options.tile = 16;
    return make_synthetic(options);
  }();
  TrialInput input = small_trial(strategy);
  input.dataset = dataset;
  input.learner.model.name = "unet_resnet18";
  input.learner.training.epochs = 1;
  input.loop = {4, 4, 2};
  input.query.region = region;
  input.query.mc_passes = 3;
  return input;
}

}  // namespace

TEST_CASE("regions as large as the images give the very trial that images give") {
  const std::string strategy = GENERATE("entropy_sampling", "bald_dropout", "kcenter_greedy",
                                        "uherding", "predicted_class_random", "loss_prediction");
  TrialInput input = region_trial(strategy, 0);
  input.learner.training.validation = 2;
  input.query.features = DiversityFeatures::penultimate;
  const auto images = records_of(input);
  input.query.region = 16;
  const auto regions = records_of(input);
  check_equal(images, regions);
  for (std::size_t r = 0; r < images.size(); ++r) {
    CHECK(metric(images[r], "pixels_labeled") == metric(regions[r], "pixels_labeled"));
    CHECK(metric(images[r], "validation_loss") == metric(regions[r], "validation_loss"));
    CHECK(static_cast<double>(regions[r].n_labeled) == metric(regions[r], "images_visited"));
    CHECK(metric(images[r], "cost") == metric(regions[r], "cost"));
  }
}

TEST_CASE("regions are bought and paid for one by one, and are resumed bit for bit") {
  TrialInput input = region_trial(GENERATE("entropy_sampling_dropout", "cdal"), 8);
  input.learner.training.reset = GENERATE(Reset::full, Reset::none);
  input.learner.training.augment = Augment::dihedral;
  input.learner.training.validation = 2;
  const auto whole = records_of(input);
  std::set<std::int64_t> bought, images;
  for (std::size_t r = 0; r < whole.size(); ++r) {
    for (const PickRecord& pick : whole[r].picks) {
      CHECK(pick.index < 14 * 4);
      CHECK(bought.insert(pick.index).second);
      images.insert(pick.index / 4);
    }
    const std::size_t n_regions = 2 * 4 + 4 + 4 * r;  // of the two images that are held out, too
    CHECK(whole[r].n_labeled == static_cast<std::int64_t>(n_regions));
    CHECK(metric(whole[r], "pixels_labeled") == static_cast<double>(n_regions) * 64);
    CHECK(metric(whole[r], "images_visited") == static_cast<double>(2 + images.size()));
    CHECK(metric(whole[r], "cost") == static_cast<double>(n_regions + 2 + images.size()));
  }
  const ScratchFolder folder;
  input.checkpoint = folder.file("trial.ckpt");
  records_of(input, 1);
  check_equal(whole, records_of(input));
}

TEST_CASE("all regions can be bought, and no more") {
  TrialInput input = region_trial("random_sampling", 8);
  input.loop = {14 * 4 - 4, 4, 1};
  CHECK(metric(records_of(input).back(), "images_visited") == 14);
  input.learner.training.validation = 1;
  CHECK_THROWS_WITH(run_trial(input), Contains("= 60 exceeds the pool of 56 regions"));
}

TEST_CASE("the network of the last round is kept, also when a finished trial is resumed") {
  const Reset reset = GENERATE(Reset::full, Reset::none);
  const ScratchFolder folder;
  TrialInput input = small_trial();
  input.learner.training.reset = reset;
  input.checkpoint = folder.file("trial.ckpt");
  input.network_file = folder.file("trial.network");
  records_of(input);
  const std::string kept = folder.contents("trial.network");
  CHECK(load_network(input.network_file).classes.size() == 4);
  fs::remove(input.network_file);
  records_of(input);
  CHECK(folder.contents("trial.network") == kept);
}

TEST_CASE("a network that could not be kept is refused before the training") {
  TrialInput input = small_trial();
  input.network_file = "/nonexistent/folder/trial.network";
  TrialEvents events;
  events.round = [](const RoundRecord&) { FAIL("trained first"); };
  CHECK_THROWS_WITH(run_trial(input, events), Contains("/nonexistent/folder"));
}

TEST_CASE("validation labels are counted, the same for all strategies, and never picked") {
  TrialInput input = small_trial();
  input.learner.training.validation = 10;
  const auto records = records_of(input);
  CHECK(records[0].n_labeled == 10 + 8);
  CHECK(records[3].n_labeled == 10 + 8 + 3 * 6);
  CHECK(metric(records[0], "validation_loss") > 0.0);
  TrialInput other = input;
  other.spec.strategy = "random_sampling";
  other.loop = {70, 1, 0};  // all that is left
  const auto all_at_once = records_of(other);
  std::set<std::int64_t> rest;
  for (const PickRecord& pick : all_at_once[0].picks) rest.insert(pick.index);
  CHECK(rest.size() == 70);
  for (const RoundRecord& record : records) {
    for (const PickRecord& pick : record.picks) CHECK(rest.count(pick.index) == 1);
  }
  other.loop.n_init = 71;
  CHECK_THROWS_WITH(run_trial(other), Contains("validation + n_init"));
}

TEST_CASE(
    "early stopping, augmentation, a noisy oracle, a duplicated and thinned pool are resumed bit "
    "for bit") {
  TrialInput input = small_trial("margin_sampling");
  input.learner.training.validation = 10;
  input.learner.training.early_stopping = 1;
  input.learner.training.augment = Augment::dihedral_crop;
  input.learner.training.schedule = Schedule::cosine;
  input.oracle = {0.2, 2, 0.5};
  const auto whole = records_of(input);
  const ScratchFolder folder;
  input.checkpoint = folder.file("trial.ckpt");
  records_of(input, 2);
  check_equal(whole, records_of(input));
  bool any_wrong = false;
  for (const RoundRecord& record : whole) {
    for (const PickRecord& pick : record.picks) {
      CHECK(pick.index < 160);
      any_wrong = any_wrong ||
                  pick.label != scenes()->train().labels[static_cast<std::size_t>(pick.index % 80)];
    }
  }
  CHECK(any_wrong);
}

TEST_CASE("diagnostics: more labels cover more, and asking for them changes nothing else") {
  TrialInput input = small_trial("kcenter_greedy");
  input.loop.diagnostics = Diagnostics::all;
  const auto records = records_of(input);
  for (std::size_t r = 1; r < records.size(); ++r) {
    CHECK(metric(records[r], "coverage_radius") <= metric(records[r - 1], "coverage_radius"));
    CHECK(metric(records[r], "batch_diversity") > 0.0);
    CHECK(metric(records[r], "pool_entropy") > 0.0);
    CHECK(metric(records[r], "pool_entropy") < 1.4);  // ln 4 = 1.386
  }
  // What a farthest-first pick is away from all before is what the cover's radius was.
  CHECK(metric(records[0], "coverage_radius") == Approx(records[1].picks[0].score));
  input.loop.diagnostics = Diagnostics::none;
  const auto plain = records_of(input);
  check_equal(records, plain);
  CHECK(std::isnan(metric(plain[0], "coverage_radius")));
}

TEST_CASE("the scores of all candidates are kept on request, a file a round") {
  const ScratchFolder folder;
  TrialInput input = small_trial("margin_sampling");
  input.scores = folder.file("scores");
  const auto records = records_of(input);
  CHECK_FALSE(fs::exists(input.scores + "/round_0.h5"));  // the initial set ranks nothing
  for (int round = 1; round <= 3; ++round) {
    const Hdf5File file = Hdf5File::open(fmt::format("{}/round_{}.h5", input.scores, round));
    const auto index = file.read<std::int64_t>("/index");
    const auto score = file.read<double>("/score");
    const RoundRecord& record = records[static_cast<std::size_t>(round)];
    REQUIRE(index.size() == static_cast<std::size_t>(80 - record.n_labeled + 6));
    const double best = *std::max_element(score.begin(), score.end());
    CHECK(best == record.picks[0].score);
  }
}

namespace {

/// The rounds of a trial whose GPU, played by LibTorch's error, has no room at the n-th signs of
/// life.
std::vector<int> rounds_with_full_gpu(const TrialInput& input, const std::set<int>& full_at,
                                      int* n_signs = nullptr) {
  std::vector<int> rounds;
  int sign = 0;
  TrialEvents events;
  events.round = [&](const RoundRecord& record) { rounds.push_back(record.round); };
  events.alive = [&] {
    if (n_signs != nullptr) *n_signs = sign + 1;
    if (full_at.count(sign++) > 0)
      TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 1 GiB");
  };
  run_trial(input, events);
  return rounds;
}

}  // namespace

TEST_CASE("a trial goes on once more where the GPU has no room, and tells each round once") {
  const std::string checkpoint = GENERATE("", "trial.ckpt");
  const ScratchFolder folder;
  TrialInput input = small_trial();
  if (!checkpoint.empty()) input.checkpoint = folder.file(checkpoint);
  CHECK(rounds_with_full_gpu(input, {5}) == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a trial that the GPU has no room for twice fails with what to set") {
  int n_signs = 0;
  const TrialInput input = small_trial();
  CHECK_THROWS_WITH(rounds_with_full_gpu(input, {2, 3, 4, 5, 6}, &n_signs),
                    "out of GPU memory (CUDA out of memory. Tried to allocate 1 GiB): set "
                    "farm.workers_per_gpu, training.batch_size or training.prediction_batch lower");
  CHECK(n_signs == 4);  // the third of the first try, the first of the second
}
