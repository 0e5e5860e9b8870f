#include <al_mpi/data/pool.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>

namespace al_mpi {

Pool::Pool(const Dataset& dataset, const OracleOptions& oracle, std::int64_t seed)
    : dataset_(&dataset),
      oracle_(oracle),
      seed_(seed),
      state_(static_cast<std::size_t>(dataset.train().n), State::offered) {
  if (dataset.task == Task::classification) {
    if (oracle.imbalance > 0) thin_out();
    return;
  }
  if (oracle.noise > 0) throw ConfigError("oracle.noise", "label noise is for classification");
  if (oracle.imbalance > 0) throw ConfigError("oracle.imbalance", "is for classification");
}

void Pool::thin_out() {
  const auto& labels = dataset_->train().labels;
  const auto n_classes = static_cast<std::size_t>(dataset_->n_classes());
  std::vector<Indices> of_class(n_classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    of_class.at(static_cast<std::size_t>(labels[i])).push_back(static_cast<std::int64_t>(i));
  }
  RngStream rng(seed_, "imbalance");
  const Indices ranks = rng.permutation(dataset_->n_classes());
  for (std::size_t c = 0; c < n_classes; ++c) {
    const double rank = static_cast<double>(ranks[c]) / static_cast<double>(n_classes - 1);
    const double share = std::pow(10.0, -oracle_.imbalance * rank);
    rng.shuffle(of_class[c]);
    const auto n_kept =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(of_class[c].size())));
    for (std::size_t i = n_kept; i < of_class[c].size(); ++i) {
      state(of_class[c][i]) = State::left_out;
      ++n_left_out_;
    }
  }
}

Indices Pool::unlabeled() const {
  Indices indices;
  indices.reserve(static_cast<std::size_t>(n_offered() - n_bought()));
  for (std::int64_t i = 0; i < size(); ++i) {
    if (state(i) == State::offered) indices.push_back(i);
  }
  return indices;
}

void Pool::label(const Indices& picks) {
  buy(picks, labeled_);
}

void Pool::hold_out(const Indices& picks) {
  buy(picks, held_out_);
}

double Pool::cost_of(const Indices& picks) const {
  const std::vector<double>& costs = dataset_->train().costs;
  if (costs.empty()) return static_cast<double>(picks.size());
  double sum = 0;
  for (const std::int64_t index : picks) sum += costs.at(static_cast<std::size_t>(index));
  return sum;
}

void Pool::buy(const Indices& picks, Indices& list) {
  for (const std::int64_t index : picks) {
    check(index >= 0 && index < size(), "pick {} outside the pool of {}", index, size());
  }
  cost_ += cost_of(picks);
  for (const std::int64_t index : picks) {
    check(state(index) == State::offered, "pick {} was bought already or left out", index);
    state(index) = State::bought;
    list.push_back(index);
    count_pixels(index);
  }
}

void Pool::count_pixels(std::int64_t index) {
  const Split& split = dataset_->train();
  if (split.label_maps == nullptr) return;
  const std::int64_t n_pixels = split.height * split.width;
  const std::uint8_t* map = split.label_map(index);
  pixels_labeled_.all += n_pixels;
  pixels_labeled_.foreground += n_pixels - std::count(map, map + n_pixels, dataset_->ignore_label);
}

std::int64_t Pool::label_of(std::int64_t index) const {
  check(index >= 0 && index < size() && state(index) == State::bought,
        "the label of {} was not bought", index);
  return oracle_label(index);
}

std::int64_t Pool::oracle_label(std::int64_t index) const {
  const auto& labels = dataset_->train().labels;
  check(!labels.empty(), "labels of samples are for classification");
  const std::int64_t truth = labels.at(static_cast<std::size_t>(index));
  if (oracle_.noise == 0) return truth;
  RngStream rng(seed_, "label_noise", static_cast<std::uint64_t>(index));
  if (rng.uniform() >= oracle_.noise) return truth;
  const auto n_others = static_cast<std::uint64_t>(dataset_->n_classes() - 1);
  const auto other = static_cast<std::int64_t>(rng.below(n_others));  // uniform over the wrong ones
  return other < truth ? other : other + 1;
}

std::vector<std::int64_t> Pool::oracle_classes(std::int64_t index) const {
  const Split& split = dataset_->train();
  if (split.label_maps == nullptr) return {oracle_label(index)};
  const std::uint8_t* map = split.label_map(index);
  std::set<std::int64_t> classes(map, map + split.height * split.width);
  classes.erase(dataset_->ignore_label);
  return {classes.begin(), classes.end()};
}

}  // namespace al_mpi
