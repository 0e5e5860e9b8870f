#include <al_mpi/data/pool.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/rng.hpp>

namespace al_mpi {

Pool::Pool(const Dataset& dataset, const OracleOptions& oracle, std::int64_t seed,
           std::int64_t region)
    : dataset_(&dataset),
      oracle_(oracle),
      seed_(seed),
      regions_(regions_of(dataset.train().height, dataset.train().width, region)),
      state_(static_cast<std::size_t>(dataset.train().n * regions_.per_image()), State::offered) {
  if (dataset.task == Task::classification) {
    if (region > 0) throw ConfigError("query.region", "is for segmentation");
    if (oracle.imbalance > 0) thin_out();
    return;
  }
  if (oracle.noise > 0) throw ConfigError("oracle.noise", "label noise is for classification");
  if (oracle.imbalance > 0) throw ConfigError("oracle.imbalance", "is for classification");
  if (ignored_label() < dataset.n_classes() && ignored_label() != dataset.ignore_label) {
    throw ConfigError("query.region",
                      "256 classes without an ignore_label leave no number for pixels that are not "
                      "bought (use 0)");
  }
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
  const auto cost_of_image = [&](std::int64_t image) {
    return costs.empty() ? 1.0 : costs.at(static_cast<std::size_t>(image));
  };
  std::set<std::int64_t> visits;
  double sum = 0;
  for (const std::int64_t index : picks) {
    const std::int64_t image = regions_.image_of(index);
    sum += cost_of_image(image);
    const bool first_visit = !is_visited(image) && visits.insert(image).second;
    if (first_visit && !regions_.are_images()) sum += cost_of_image(image);
  }
  return sum;
}

void Pool::buy(const Indices& picks, Indices& list) {
  for (const std::int64_t index : picks) {
    check(index >= 0 && index < size(), "pick {} outside the pool of {}", index, size());
  }
  const double cost = cost_of(picks);  // before any of them counts as a visit
  for (const std::int64_t index : picks) {
    check(state(index) == State::offered, "pick {} was bought already or left out", index);
    state(index) = State::bought;
    list.push_back(index);
    count_pixels(index);
  }
  cost_ += cost;
}

bool Pool::is_visited(std::int64_t image) const {
  const auto first = state_.begin() + image * regions_.per_image();
  return std::find(first, first + regions_.per_image(), State::bought) !=
         first + regions_.per_image();
}

Indices Pool::images_of(const Indices& samples) const {
  if (regions_.are_images()) return samples;
  Indices images;
  std::vector<bool> seen(static_cast<std::size_t>(dataset_->train().n), false);
  for (const std::int64_t sample : samples) {
    const std::int64_t image = regions_.image_of(sample);
    if (!seen[static_cast<std::size_t>(image)]) images.push_back(image);
    seen[static_cast<std::size_t>(image)] = true;
  }
  return images;
}

template <class Fn>
void Pool::each_row(std::int64_t index, const Fn& fn) const {
  const Split& split = dataset_->train();
  const std::int64_t top = regions_.top_of(index);
  std::int64_t first = top * split.width + regions_.left_of(index);
  const std::uint8_t* map = split.label_map(regions_.image_of(index));
  for (std::int64_t y = top; y < top + regions_.height; ++y, first += split.width) {
    fn(first, map + first);
  }
}

void Pool::count_pixels(std::int64_t index) {
  if (dataset_->train().label_maps == nullptr) return;
  each_row(index, [&](std::int64_t, const std::uint8_t* labels) {
    pixels_labeled_.all += regions_.width;
    pixels_labeled_.foreground +=
        regions_.width - std::count(labels, labels + regions_.width, dataset_->ignore_label);
  });
}

std::int64_t Pool::ignored_label() const {
  const bool own = dataset_->ignore_label < 0 && !regions_.are_images();
  return own ? 255 : dataset_->ignore_label;
}

void Pool::copy_label_map(std::int64_t image, std::uint8_t* out) const {
  const Split& split = dataset_->train();
  std::fill(out, out + split.height * split.width, static_cast<std::uint8_t>(ignored_label()));
  const std::int64_t first = image * regions_.per_image();
  for (std::int64_t index = first; index < first + regions_.per_image(); ++index) {
    if (state(index) != State::bought) continue;
    each_row(index, [&](std::int64_t pixel, const std::uint8_t* labels) {
      std::copy(labels, labels + regions_.width, out + pixel);
    });
  }
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
  if (dataset_->train().label_maps == nullptr) return {oracle_label(index)};
  std::set<std::int64_t> classes;
  each_row(index, [&](std::int64_t, const std::uint8_t* labels) {
    classes.insert(labels, labels + regions_.width);
  });
  classes.erase(dataset_->ignore_label);
  return {classes.begin(), classes.end()};
}

}  // namespace al_mpi
