#include "tools/prepare/classes/split_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/names.hpp>
#include <al_mpi/base/number.hpp>
#include <al_mpi/base/rng.hpp>

namespace al_mpi {
namespace {

using Counts = std::vector<std::int64_t>;

constexpr std::int64_t published_test_size = 1080;
const Counts published_balanced = {249, 205, 215, 181, 211, 178, 220, 239, 219, 259};
const Counts published_unbalanced = {180, 330, 270, 200, 100, 80, 75, 315, 200, 270};

std::int64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

Counts parse_counts(const std::string& text) {
  Counts counts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::int64_t count = 0;
    if (!parse_number(std::string_view(text).substr(at, comma - at), count) || count < 1) {
      throw ConfigError("--split",
                        fmt::format("'{}' is no list of counts (like counts=249,205,215)", text));
    }
    counts.push_back(count);
    at = comma + 1;
  }
  return counts;
}

/// Counts of the pool as asked for; empty for "all".
Counts requested_pool(const std::string& split, std::size_t n_classes) {
  Counts counts;
  if (split == "balanced")
    counts = published_balanced;
  else if (split == "unbalanced")
    counts = published_unbalanced;
  else if (split.rfind("counts=", 0) == 0)
    counts = parse_counts(split.substr(7));
  else if (split != "all") {
    throw ConfigError("--split", fmt::format("unknown split '{}'{}", split,
                                             did_you_mean(split, {"balanced", "unbalanced", "all",
                                                                  "counts=N,N,...", "given",
                                                                  "longitude", "blocks=KM"})));
  }
  if (split != "all" && counts.size() != n_classes) {
    throw ConfigError(
        "--split",
        fmt::format("'{}' has counts for {} classes, the folders hold {} (use --split all)", split,
                    counts.size(), n_classes));
  }
  return counts;
}

/// The largest factor <= 1 by which `wanted` fits into `available`.
double fitting_scale(const Counts& wanted, const Counts& available) {
  double scale = 1.0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    if (wanted[k] > 0) {
      scale = std::min(scale, static_cast<double>(available[k]) / static_cast<double>(wanted[k]));
    }
  }
  return scale;
}

std::int64_t scaled(std::int64_t count, double scale) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(count) * scale + 1e-9));
}

Counts minus(Counts a, const Counts& b) {
  for (std::size_t k = 0; k < a.size(); ++k) a[k] -= b[k];
  return a;
}

struct ClassCounts {
  Counts train, validation, test;
  double scale = 1.0;
};

/// Takes `n` images away from `left`, in proportion to the classes, and returns how many of each.
Counts take(std::int64_t n, Counts& left, const char* option) {
  if (n > sum(left)) {
    throw ConfigError(option, fmt::format("{} images asked for, there are {}", n, sum(left)));
  }
  Counts taken = share_out(n, left);
  left = minus(left, taken);
  return taken;
}

ClassCounts count_classes(const Counts& available, const SplitRequest& request) {
  ClassCounts counts;
  const Counts wanted = requested_pool(request.split, available.size());
  const bool exact = request.split.rfind("counts=", 0) == 0;
  const bool default_test = request.n_test < 0;
  std::int64_t n_test = default_test ? published_test_size : request.n_test;
  if (default_test && !wanted.empty() && !exact) {  // test and pool shrink alike
    Counts together = share_out(n_test, available);
    for (std::size_t k = 0; k < wanted.size(); ++k) together[k] += wanted[k];
    counts.scale = fitting_scale(together, available);
    n_test = scaled(n_test, counts.scale);
  } else if (default_test) {
    n_test = std::min(n_test, sum(available) / 3);
  }
  if (n_test < 1) throw ConfigError("--test", "a test set needs at least one image");

  Counts left = available;
  counts.test = take(n_test, left, "--test");
  counts.validation = take(request.n_validation, left, "--validation");
  counts.train = left;
  if (!wanted.empty()) {
    const double scale = std::min(counts.scale, fitting_scale(wanted, left));
    if (exact && scale < 1.0) {
      throw ConfigError("--split", "the counts with the test set exceed the images that there are");
    }
    counts.scale = scale;
    for (std::size_t k = 0; k < wanted.size(); ++k) counts.train[k] = scaled(wanted[k], scale);
  }
  for (const std::int64_t count : counts.train) {
    if (count < 1) throw ConfigError("--test", "leaves a class without images for the pool");
  }
  return counts;
}

}  // namespace

std::vector<std::int64_t> share_out(std::int64_t total, const std::vector<std::int64_t>& weights) {
  if (total == 0) return Counts(weights.size(), 0);
  const std::int64_t all = sum(weights);
  Counts shares, order(weights.size());
  std::vector<std::int64_t> remainders;
  for (const std::int64_t weight : weights) {
    shares.push_back(total * weight / all);
    remainders.push_back(total * weight % all);
  }
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return remainders[static_cast<std::size_t>(a)] > remainders[static_cast<std::size_t>(b)];
  });
  std::int64_t missing = total - sum(shares);
  for (std::size_t i = 0; missing > 0; ++i, --missing) ++shares[static_cast<std::size_t>(order[i])];
  return shares;
}

SplitPlan plan_split(const std::vector<std::int64_t>& available, const SplitRequest& request) {
  const ClassCounts counts = count_classes(available, request);
  SplitPlan plan;
  plan.scale = counts.scale;
  for (std::size_t k = 0; k < available.size(); ++k) {
    const auto order = RngStream(request.seed, "split_images", k).permutation(available[k]);
    auto next = order.begin();
    const auto put = [&](const char* split, const Counts& of_class) {
      for (std::int64_t i = 0; i < of_class[k]; ++i) {
        plan.members[split].push_back({static_cast<std::int64_t>(k), *next++});
      }
    };
    put("test", counts.test);
    if (request.n_validation > 0) put("validation", counts.validation);
    put("train", counts.train);
  }
  // Shuffled, so that the order of the pool tells nothing about classes.
  for (auto& [split, members] : plan.members) {
    RngStream(request.seed, "split_order_" + split).shuffle(members);
  }
  return plan;
}

}  // namespace al_mpi
