#include "savings.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "compare.hpp"

#include <al_mpi/stats/curve.hpp>

namespace al_mpi {
namespace {

/// A strategy's mean curve over the budgets at which it has rounds, higher = better, and the mean
/// curves of resamples of its seeds.
struct ResampledCurve {
  std::vector<double> labels, values;
  std::vector<std::vector<double>> resamples;  ///< [resample][budget]; empty below two seeds
};

ResampledCurve resampled_curve(const Panel& panel, std::size_t strategy, bool lower_better,
                               const PairedBootstrap& bootstrap) {
  ResampledCurve curve;
  std::vector<std::vector<double>> rows;
  std::size_t seeds = 0;
  for (std::size_t budget = 0; budget < panel.labels.size(); ++budget) {
    if (!has_rounds(panel, strategy, budget)) continue;
    rows.push_back(oriented(panel.values[strategy][budget], lower_better));
    const Sample sample = describe(rows.back());
    curve.labels.push_back(panel.labels[budget]);
    curve.values.push_back(sample.mean);
    seeds = std::max(seeds, sample.n);
  }
  if (seeds >= 2) curve.resamples = bootstrap.means(rows);
  return curve;
}

/// A value of the metric; for every strategy of a panel it is asked how many labels reach it.
struct Target {
  std::optional<double> value;  ///< oriented; without one: the baseline's last value

  double of(const std::vector<double>& baseline) const {
    return value ? *value : baseline.empty() ? missing : baseline.back();
  }
};

Saving saving_of(const ResampledCurve& curve, const ResampledCurve& baseline, const Target& target,
                 double confidence) {
  Saving s;
  const auto reach = [](const ResampledCurve& c, const std::vector<double>& values, double at) {
    return labels_to_reach_or_more(c.labels, values, at);
  };
  const double at = target.of(baseline.values);
  const double mine = reach(curve, curve.values, at), base = reach(baseline, baseline.values, at);
  if (std::isfinite(mine)) s.labels = mine;
  if (std::isfinite(mine) && std::isfinite(base)) {
    s.saved = base - mine;
    s.saved_share = 1.0 - mine / base;
  }
  std::vector<double> labels, saved, shares;
  for (std::size_t b = 0; b < curve.resamples.size(); ++b) {
    const bool paired = b < baseline.resamples.size();
    if (!paired && !target.value) break;
    const double now = target.of(paired ? baseline.resamples[b] : std::vector<double>());
    labels.push_back(reach(curve, curve.resamples[b], now));
    if (!paired) continue;
    const double other = reach(baseline, baseline.resamples[b], now);
    saved.push_back(other - labels.back());  // NaN where neither reaches it
    shares.push_back(
        std::isfinite(labels.back()) && std::isinf(other) ? 1.0 : 1.0 - labels.back() / other);
  }
  s.labels_interval = percentile_interval(std::move(labels), confidence);
  s.saved_interval = percentile_interval(std::move(saved), confidence);
  s.saved_share_interval = percentile_interval(std::move(shares), confidence);
  return s;
}

}  // namespace

std::vector<Saving> savings_of(const Panel& panel, const Analysis& all,
                               const PairedBootstrap& bootstrap) {
  std::vector<ResampledCurve> curves;
  for (std::size_t s = 0; s < panel.strategies.size(); ++s) {
    curves.push_back(resampled_curve(panel, s, all.lower_is_better, bootstrap));
  }
  const auto found = position(panel.strategies, all.options.baseline);
  const ResampledCurve baseline = found ? curves[*found] : ResampledCurve();
  std::vector<Target> targets;
  if (found && !std::isnan(Target().of(baseline.values))) targets.emplace_back();
  for (const double value : all.options.targets) {
    targets.push_back({oriented(value, all.lower_is_better)});
  }
  std::vector<Saving> savings;
  for (const Target& target : targets) {
    for (std::size_t s = 0; s < curves.size(); ++s) {
      Saving saving = saving_of(curves[s], baseline, target, 1.0 - all.options.alpha);
      if (found && s == *found) {
        saving.saved_interval = saving.saved_share_interval = {missing, missing};
      }
      saving.strategy = panel.strategies[s];
      saving.target = oriented(target.of(baseline.values), all.lower_is_better);
      saving.baseline_final = !target.value;
      savings.push_back(std::move(saving));
    }
  }
  return savings;
}

}  // namespace al_mpi
