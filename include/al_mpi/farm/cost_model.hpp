#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace al_mpi {

/// How long a trial will take, per group of alike trials (one strategy with the same own settings).
///
/// Starts from prior costs (relative numbers); each finished trial teaches its group, and the ratio
/// of learnt to prior costs carries over to the groups that no trial has finished of yet.
class CostModel {
 public:
  /// The number of the group called `name`; a new one gets the prior cost, > 0.
  int group(const std::string& name, double prior);

  /// A whole trial of `group` took `seconds`. The median of the last nine counts, so that one trial
  /// on a busy machine does not reorder the sweep.
  void learn(int group, double seconds);

  double cost(int group) const;  ///< seconds if anything is learnt, else the prior
  bool knows_seconds() const { return n_learnt_ > 0; }
  int n_groups() const { return static_cast<int>(groups_.size()); }

 private:
  struct Group {
    double prior = 1.0;
    double median = 0.0;
    std::vector<double> last;  ///< at most nine, a ring
    std::size_t n_seen = 0;
  };

  void update_scale();

  std::vector<Group> groups_;
  std::unordered_map<std::string, int> names_;
  double scale_ = 1.0;  ///< seconds per unit of prior cost
  int n_learnt_ = 0;
};

}  // namespace al_mpi
