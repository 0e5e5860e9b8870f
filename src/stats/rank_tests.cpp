#include <al_mpi/stats/rank_tests.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/fisher_f.hpp>

#include <al_mpi/base/error.hpp>
#include <al_mpi/stats/sample.hpp>

namespace al_mpi {
namespace {

std::vector<std::size_t> sorted_order(const std::vector<double>& keys) {
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return keys[i] < keys[j]; });
  return order;
}

/// Sum of t^3 - t over groups of t equal ranks.
double tie_term(std::vector<double> ranks) {
  std::sort(ranks.begin(), ranks.end());
  double sum = 0.0;
  for (auto first = ranks.begin(); first != ranks.end();) {
    const auto last = std::upper_bound(first, ranks.end(), *first);
    const auto ties = static_cast<double>(last - first);
    sum += ties * ties * ties - ties;
    first = last;
  }
  return sum;
}

/// Chance that all blocks rank alike if nothing differs: every order of the ranks is as likely.
double chance_of_agreement(std::vector<double> ranks, double n) {
  std::sort(ranks.begin(), ranks.end());
  double log_orders = std::lgamma(static_cast<double>(ranks.size()) + 1.0);
  for (auto first = ranks.begin(); first != ranks.end();) {
    const auto last = std::upper_bound(first, ranks.end(), *first + 1e-9);
    log_orders -= std::lgamma(static_cast<double>(last - first) + 1.0);
    first = last;
  }
  return std::exp(-(n - 1.0) * log_orders);
}

/// Whether every strategy is as far from the first in all blocks, but for rounding.
bool constant_differences(const std::vector<std::vector<double>>& blocks) {
  for (std::size_t j = 1; j < blocks.front().size(); ++j) {
    std::vector<double> first, other;
    for (const std::vector<double>& block : blocks) {
      first.push_back(block.front());
      other.push_back(block[j]);
    }
    if (describe_differences(first, other).std > 0.0) return false;
  }
  return true;
}

/// F of Iman and Davenport and its p.
void iman_davenport(Friedman& result, double n, double k) {
  const double left = n * (k - 1) - result.chi2;
  if (left <= 1e-9) {
    result.p = chance_of_agreement(result.mean_ranks, n);
    return;
  }
  result.f = (n - 1) * result.chi2 / left;
  const boost::math::fisher_f distribution(k - 1, (k - 1) * (n - 1));
  result.p = boost::math::cdf(boost::math::complement(distribution, result.f));
}

}  // namespace

std::vector<double> ranks_descending(const std::vector<double>& scores) {
  std::vector<double> negated(scores.size());
  std::transform(scores.begin(), scores.end(), negated.begin(), std::negate<>());
  const std::vector<std::size_t> order = sorted_order(negated);
  std::vector<double> ranks(scores.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && scores[order[last + 1]] == scores[order[first]]) ++last;
    for (std::size_t i = first; i <= last; ++i) {
      ranks[order[i]] = 0.5 * static_cast<double>(first + last) + 1.0;
    }
    first = last + 1;
  }
  return ranks;
}

Friedman friedman(const std::vector<std::vector<double>>& scores) {
  Friedman result;
  const std::size_t strategies = scores.empty() ? 0 : scores.front().size();
  result.mean_ranks.assign(strategies, 0.0);
  double ties = 0.0;
  std::vector<std::vector<double>> complete;
  for (const std::vector<double>& block : scores) {
    check(block.size() == strategies, "blocks of {} and {} scores", strategies, block.size());
    if (std::any_of(block.begin(), block.end(), [](double v) { return std::isnan(v); })) continue;
    const std::vector<double> ranks = ranks_descending(block);
    for (std::size_t j = 0; j < strategies; ++j) result.mean_ranks[j] += ranks[j];
    ties += tie_term(ranks);
    complete.push_back(block);
    ++result.blocks;
  }
  const auto n = static_cast<double>(result.blocks), k = static_cast<double>(strategies);
  for (double& rank : result.mean_ranks) rank = result.blocks == 0 ? missing : rank / n;
  result.chi2 = result.f = result.p = missing;
  const double correction = 1.0 - ties / (n * k * (k * k - 1));
  if (result.blocks < 2 || strategies < 2 || constant_differences(complete)) return result;
  if (correction <= 0.0) {  // every block is one tie: nothing differs
    result.chi2 = result.f = 0.0;
    result.p = 1.0;
    return result;
  }
  double squares = 0.0;
  for (const double rank : result.mean_ranks) squares += rank * rank;
  result.chi2 = 12 * n / (k * (k + 1)) * (squares - k * (k + 1) * (k + 1) / 4) / correction;
  iman_davenport(result, n, k);
  return result;
}

double nemenyi_critical_difference(std::size_t k, std::size_t blocks, double alpha) {
  if (k < 2 || blocks < 1) return missing;
  const auto ranks = static_cast<double>(k * (k + 1));
  return studentized_range_quantile(1.0 - alpha, k) / std::sqrt(2.0) *
         std::sqrt(ranks / (6.0 * static_cast<double>(blocks)));
}

std::vector<std::vector<std::size_t>> indistinguishable_groups(
    const std::vector<double>& mean_ranks, double critical_difference) {
  const std::vector<std::size_t> order = sorted_order(mean_ranks);
  std::vector<std::vector<std::size_t>> groups;
  std::size_t covered = 0;  // runs that end here or before lie inside an earlier one
  for (std::size_t first = 0; first < order.size(); ++first) {
    std::size_t end = first + 1;
    while (end < order.size() &&
           mean_ranks[order[end]] - mean_ranks[order[first]] <= critical_difference) {
      ++end;
    }
    if (end - first < 2 || end <= covered) continue;
    groups.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(first),
                        order.begin() + static_cast<std::ptrdiff_t>(end));
    covered = end;
  }
  return groups;
}

}  // namespace al_mpi
