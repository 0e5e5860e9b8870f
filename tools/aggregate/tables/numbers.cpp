#include "numbers.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include <al_mpi/version.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

json number(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

json numbers(const std::vector<double>& values) {
  json list = json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

json sample(const Sample& s) {
  return {{"n", s.n}, {"mean", number(s.mean)}, {"std", number(s.std)}};
}

json spread(const Spread& s) {
  json object = sample(s.sample);
  object["low"] = number(s.interval.low);
  object["high"] = number(s.interval.high);
  return object;
}

json summary(const StrategySummary& s) {
  json rounds = json::array();
  for (const Spread& round : s.rounds) rounds.push_back(spread(round));
  return {{"strategy", s.strategy},
          {"trials",
           {{"planned", s.trials.planned},
            {"done", s.trials.done},
            {"failed", s.trials.failed},
            {"gappy", s.trials.gappy}}},
          {"rounds", rounds},
          {"final", spread(s.final)},
          {"aulc", spread(s.area)},
          {"ramp_up", sample(s.ramp_up)},
          {"plateau", sample(s.plateau)},
          {"drops", sample(s.drops)},
          {"largest_drop", number(s.largest_drop)}};
}

json test(const PairedTest& t, double holm) {
  return {
      {"n", t.n}, {"statistic", number(t.statistic)}, {"p", number(t.p)}, {"p_holm", number(holm)}};
}

json interval(const Interval& i) {
  return {{"low", number(i.low)}, {"high", number(i.high)}};
}

json margin(const Comparison::Margin& p) {
  return {{"no_worse", number(p.no_worse)},
          {"no_better", number(p.no_better)},
          {"equivalent", number(p.equivalent)}};
}

json oracle(const OracleShare& o) {
  if (o.oracle.empty()) return nullptr;
  return {{"name", o.oracle},
          {"gain", number(o.gain)},
          {"gain_interval", interval(o.gain_interval)},
          {"share", number(o.share)},
          {"share_interval", interval(o.interval)}};
}

json saving(const Saving& s) {
  return {{"strategy", s.strategy},
          {"target", number(s.target)},
          {"baseline_final", s.baseline_final},
          {"labels", number(s.labels)},
          {"labels_interval", interval(s.labels_interval)},
          {"saved", number(s.saved)},
          {"saved_interval", interval(s.saved_interval)},
          {"saved_share", number(s.saved_share)},
          {"saved_share_interval", interval(s.saved_share_interval)}};
}

json comparison(const Comparison& c, const Analysis& analysis) {
  return {{"strategy", c.strategy},
          {"measure", to_string(c.measure)},
          {"difference", number(c.t.difference)},
          {"low", number(c.interval.low)},
          {"high", number(c.interval.high)},
          {"paired_t", test(c.t, c.t_holm)},
          {"wilcoxon", test(c.wilcoxon, c.wilcoxon_holm)},
          {"hedges_g", number(c.effect)},
          {"p_margin", margin(c.margin)},
          {"p_margin_holm", margin(c.margin_holm)},
          {"narrow_interval", interval(c.narrow)},
          {"shown", shown_by(c, analysis)},
          {"oracle", oracle(c.oracle)},
          {"won", c.seeds.win},
          {"tied", c.seeds.tie},
          {"lost", c.seeds.loss},
          {"seeds_1pt", number(c.seeds_1pt)},
          {"seeds_2pt", number(c.seeds_2pt)}};
}

json panel(const PanelAnalysis& p, const Analysis& analysis) {
  json object = {{"dataset", p.panel.dataset},
                 {"init", p.panel.init},
                 {"seeds", p.panel.seeds},
                 {"labels", numbers(p.panel.labels)},
                 {"ramp_up_end", number(p.split)},
                 {"mean_of_last", number(mean_of_last(p.panel))},
                 {"sum_of_mean_stds", number(sum_of_mean_stds(p.panel))}};
  for (const StrategySummary& s : p.strategies) object["strategies"].push_back(summary(s));
  for (const Comparison& c : p.comparisons) {
    object["comparisons"].push_back(comparison(c, analysis));
  }
  for (const Saving& s : p.savings) object["savings"].push_back(saving(s));
  for (const PowerStatement& s : p.power) {
    object["power"].push_back({{"measure", to_string(s.measure)},
                               {"median_std", number(s.median_std)},
                               {"seeds_1pt", number(s.seeds_1pt)},
                               {"seeds_2pt", number(s.seeds_2pt)},
                               {"resolved", number(s.resolved)}});
  }
  return object;
}

json ranks(const Friedman& f, double critical_difference) {
  return {{"blocks", f.blocks},     {"mean_ranks", numbers(f.mean_ranks)},
          {"chi2", number(f.chi2)}, {"f", number(f.f)},
          {"p", number(f.p)},       {"critical_difference", number(critical_difference)}};
}

json subsets(const SubsetRanks& r) {
  return {{"kept", r.kept},
          {"subsets", r.subsets},
          {"all", r.all},
          {"same_place", numbers(r.same_place)},
          {"first", numbers(r.first)},
          {"best_place", r.best_place},
          {"worst_place", r.worst_place}};
}

json stability(const RankStability& s) {
  return {{"seeds", s.seeds},
          {"places", s.places},
          {"one_left_out", subsets(s.one_left_out)},
          {"halves", subsets(s.halves)}};
}

json group(const GroupAnalysis& g) {
  return {{"dataset", g.dataset},
          {"strategies", g.strategies},
          {"budgets", g.budgets},
          {"penalty", g.penalty},
          {"penalty_holm", g.penalty_holm},
          {"aulc", ranks(g.ranks_area, g.critical_difference)},
          {"final", ranks(g.ranks_final, g.critical_difference_final)},
          {"contenders", g.contenders},
          {"stability_aulc", stability(g.stability_area)},
          {"stability_final", stability(g.stability_final)}};
}

}  // namespace

std::string numbers_json(const Study& study, const Analysis& analysis) {
  json object = {{"program", std::string("al_aggregate ") + version},
                 {"metric", analysis.metric},
                 {"x", name_of(analysis.options.x)},
                 {"baseline", analysis.options.baseline},
                 {"alpha", analysis.options.alpha},
                 {"equivalence_margin", analysis.options.equivalence_margin},
                 {"resamples", analysis.options.resamples},
                 {"notes", analysis.notes},
                 {"files", json::array()},
                 {"panels", json::array()},
                 {"groups", json::array()}};
  for (const ResultsTables& file : study.files) {
    object["files"].push_back(
        {{"path", file.path}, {"complete", file.complete}, {"attributes", file.attributes}});
  }
  for (const PanelAnalysis& p : analysis.panels) {
    object["panels"].push_back(panel(p, analysis));
  }
  for (const GroupAnalysis& g : analysis.groups) object["groups"].push_back(group(g));
  return object.dump(1) + "\n";
}

}  // namespace al_mpi
