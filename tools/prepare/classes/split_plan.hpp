#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace al_mpi {

/// How many images of every class go where.
struct SplitRequest {
  std::string split = "balanced";  ///< balanced | unbalanced | counts=249,205,... | all
  std::int64_t n_test = -1;  ///< -1 = 1080, as published, or less where there are fewer images
  std::int64_t n_validation = 0;
  std::int64_t seed = 1;
};

/// One image: class and index within its class.
struct Member {
  std::int64_t label = 0;
  std::int64_t index = 0;
};

struct SplitPlan {
  std::map<std::string, std::vector<Member>>
      members;         ///< "train", "test", maybe "validation"; shuffled
  double scale = 1.0;  ///< published counts were multiplied by this, for there are fewer images
};

/// Draws a plan for classes with `available` images each: test and validation stratified by class,
/// then the pool. A pure function of its arguments. "balanced" and "unbalanced" are the pools of
/// the published study, for the ten classes of EuroSAT in alphabetical order; too few images scale
/// all counts down alike. Throws ConfigError: unknown split, wrong number of counts, more images
/// asked for than there are.
SplitPlan plan_split(const std::vector<std::int64_t>& available, const SplitRequest& request);

/// `total` shared out in proportion to `weights`, by largest remainder.
std::vector<std::int64_t> share_out(std::int64_t total, const std::vector<std::int64_t>& weights);

}  // namespace al_mpi
