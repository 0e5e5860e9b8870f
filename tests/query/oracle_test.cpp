// The reference implementation's answers on random inputs: tests/data/reference.h5.

#include <map>

#include <ATen/ops/empty.h>

#include "query/fake_predictions.hpp"
#include "src/query/geometry/farthest_first.hpp"
#include "src/query/scores/acquisition.hpp"
#include <al_mpi/query/stored_predictions.hpp>

using namespace al_mpi;

namespace {

const std::string file = std::string(AL_TEST_DATA) + "/reference.h5";

Indices oracle(const std::string& name) {
  return Hdf5File::open(file).read<std::int64_t>("/classification/picked/" + name);
}

Picks classification_picks(const std::string& name) {
  StoredPredictions stored(file, "classification", name);
  const Indices labeled = stored.marked("labeled");
  Indices unlabeled;
  for (const std::int64_t i : range(0, stored.pool_size())) {
    if (!std::binary_search(labeled.begin(), labeled.end(), i)) unlabeled.push_back(i);
  }
  const std::vector<std::int64_t> labels;
  const QueryOptions options;
  QueryContext context{unlabeled, labeled, labels, 32, options, stored, 1, 1};
  return strategy(name)(context);
}

/// Scores of the eight images, in their order.
std::vector<double> segmentation_scores(const std::string& name, const QueryOptions& options) {
  StoredPredictions stored(file, "segmentation", name);
  const Indices unlabeled = range(0, 8);
  const Indices none;
  QueryContext context{unlabeled, none, none, 8, options, stored, 1, 1};
  std::map<std::int64_t, double> scores;
  for (const Pick& pick : strategy(name)(context)) scores[pick.index] = pick.score;
  std::vector<double> ordered;
  for (const auto& [index, score] : scores) ordered.push_back(score);
  return ordered;
}

std::vector<double> oracle_scores(const std::string& name) {
  return Hdf5File::open(file).read<double>("/segmentation/scores/" + name);
}

}  // namespace

// In order: the reference's float32 leaves no near ties among these picks.
TEST_CASE("uncertainty strategies pick the reference's samples in its order") {
  for (const auto& [name, reference] :
       std::map<std::string, std::string>{{"least_confidence", "LeastConfidence"},
                                          {"margin_sampling", "MarginSampling"},
                                          {"entropy_sampling", "EntropySampling"},
                                          {"least_confidence_dropout", "LeastConfidenceDropout"},
                                          {"margin_sampling_dropout", "MarginSamplingDropout"},
                                          {"entropy_sampling_dropout", "EntropySamplingDropout"},
                                          {"bald_dropout", "BALDDropout"}}) {
    DYNAMIC_SECTION(name) {
      CHECK(indices_of(classification_picks(name)) == oracle(reference));
    }
  }
}

TEST_CASE("k-center picks the reference's set") {  // which lists it by index
  CHECK(sorted(indices_of(classification_picks("kcenter_greedy"))) ==
        sorted(oracle("KCenterGreedy")));
}

TEST_CASE("farthest-first goes the reference's way from the same first point") {
  StoredPredictions stored(file, "classification", "fps");
  const Indices pool = range(0, stored.pool_size());
  const Indices none;
  const QueryOptions options;
  const QueryContext context{pool, none, none, 32, options, stored, 1, 0};
  Picks rows = {{oracle("fps_init")[0], 0.0}};
  add_farthest_first(context, stored.embeddings(pool), {}, rows);
  CHECK(indices_of(rows) == oracle("fps_init"));
}

TEST_CASE("pixel scores are the reference's, turned so that higher is first") {
  QueryOptions options;
  const std::vector<double> confidence = oracle_scores("LeastConfidenceMeanPercentile");
  const std::vector<double> ours = segmentation_scores("least_confidence", options);
  const std::vector<double> bald = oracle_scores("BALDDropout");
  const std::vector<double> our_bald = segmentation_scores("bald_dropout", options);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(ours[i] == Approx(1.0 - confidence[i]).epsilon(1e-5));
    CHECK(our_bald[i] == Approx(-bald[i]).epsilon(1e-4));
  }
}

TEST_CASE("the reference's inverted pixel entropy is there on request only") {
  QueryOptions options;
  options.pixel_entropy = PixelEntropy::lowest;
  const std::vector<double> reference = oracle_scores("EntropySampling");
  const std::vector<double> inverted = segmentation_scores("entropy_sampling", options);
  options.pixel_entropy = PixelEntropy::highest;
  const std::vector<double> right = segmentation_scores("entropy_sampling", options);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(inverted[i] == Approx(-reference[i]).epsilon(1e-5));
    CHECK(right[i] > reference[i]);  // mean + deviation instead of mean - deviation
  }
}
