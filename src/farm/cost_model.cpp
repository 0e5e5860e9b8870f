#include <al_mpi/farm/cost_model.hpp>

#include <algorithm>

namespace al_mpi {
namespace {

constexpr std::size_t n_remembered = 9;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

int CostModel::group(const std::string& name, double prior) {
  const auto [found, is_new] = names_.try_emplace(name, n_groups());
  if (is_new) {
    groups_.emplace_back();
    groups_.back().prior = prior;
  }
  return found->second;
}

void CostModel::learn(int group, double seconds) {
  Group& learnt = groups_[static_cast<std::size_t>(group)];
  if (learnt.n_seen == 0) ++n_learnt_;
  if (learnt.last.size() < n_remembered) {
    learnt.last.push_back(seconds);
  } else {
    learnt.last[learnt.n_seen % n_remembered] = seconds;
  }
  ++learnt.n_seen;
  learnt.median = median(learnt.last);
  update_scale();
}

void CostModel::update_scale() {
  if (n_learnt_ == n_groups()) return;  // nobody is left to guess for
  std::vector<double> ratios;
  for (const Group& group : groups_) {
    if (group.n_seen > 0) ratios.push_back(group.median / group.prior);
  }
  scale_ = median(std::move(ratios));
}

double CostModel::cost(int group) const {
  const Group& asked = groups_[static_cast<std::size_t>(group)];
  return asked.n_seen > 0 ? asked.median : asked.prior * scale_;
}

}  // namespace al_mpi
