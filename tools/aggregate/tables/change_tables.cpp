#include "change_tables.hpp"

#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace al_mpi {
namespace {

constexpr int digits = 4;

std::string pairing(const Change& c) {
  if (c.paired) return fmt::format("{} pairs", c.a.n);
  return fmt::format("{} and {} seeds", c.a.n, c.b.n);
}

/// "the same" where no seed changed, else what the tests show.
std::string word_of(const Change& c, const Analysis& analysis) {
  const auto ties = static_cast<std::size_t>(c.comparison.seeds.tie);
  return c.paired && c.a.n > 0 && ties == c.a.n ? "the same" : shown_by(c.comparison, analysis);
}

}  // namespace

std::vector<std::string> change_sentences(const TwoSweeps& sweeps) {
  std::vector<std::string> sentences;
  for (const Measure measure : {Measure::area, Measure::final}) {
    std::map<std::string, std::vector<std::string>> by_word;
    std::size_t all = 0;
    for (const Change& c : sweeps.changes) {
      if (c.comparison.measure != measure) continue;
      by_word[word_of(c, sweeps.analysis)].push_back(
          fmt::format("{} from {}", c.comparison.strategy, c.start));
      ++all;
    }
    std::string text;
    for (const char* word : {"worse", "worse, equivalent", "better", "better, equivalent",
                             "equivalent", "no worse", "no better", "the same"}) {
      const auto found = by_word.find(word);
      if (found == by_word.end()) continue;
      text +=
          fmt::format("{}{} ({})", text.empty() ? "" : "; ", word, fmt::join(found->second, ", "));
    }
    const std::size_t open = by_word["open"].size() + by_word["-"].size();
    if (open > 0) text += fmt::format("{}open for {}", text.empty() ? "" : "; ", open);
    sentences.push_back(
        fmt::format("B against A in {} of {}, {} strategies, level {:g}, margin {:g}: {}.",
                    to_string(measure), sweeps.analysis.metric, all, sweeps.analysis.options.alpha,
                    sweeps.analysis.options.equivalence_margin, text));
  }
  return sentences;
}

Table changes_table(const TwoSweeps& sweeps) {
  const AnalysisOptions& options = sweeps.analysis.options;
  Table table{
      "changes",
      fmt::format(
          "{} of two sweeps, B - A, over the {} that both cover: paired by seed where "
          "two or more seeds have values in both (bootstrap interval, paired t-test), else "
          "over all seeds of each (Welch's interval and test); intervals of {:g} %, Holm "
          "over the strategies of an initial set, bold below {:g}. 'shown': better or worse "
          "by that test; equivalent, no better, no worse by one-sided tests against a margin "
          "of {:g}; the same: in every seed; open: neither.",
          sweeps.analysis.metric, name_of(options.x), 100.0 * (1.0 - options.alpha), options.alpha,
          options.equivalence_margin),
      {"init", "strategy", "measure", name_of(options.x), "seeds", "A", "B", "B - A", "interval",
       "p", "Holm", "shown"},
      {}};
  for (const Change& c : sweeps.changes) {
    TableCell adjusted = TableCell::p_value(c.comparison.t_holm);
    adjusted.strong = c.comparison.t_holm < options.alpha;
    table.rows.push_back(
        {c.start, c.comparison.strategy, to_string(c.comparison.measure),
         c.comparison.measure == Measure::area
             ? fmt::format("{:g} to {:g}", c.first_labels, c.last_labels)
             : fmt::format("{:g}", c.last_labels),
         pairing(c), TableCell::plus_minus(c.a.mean, c.a.std),
         TableCell::plus_minus(c.b.mean, c.b.std), TableCell(c.comparison.t.difference, digits),
         TableCell::range(c.comparison.interval.low, c.comparison.interval.high),
         TableCell::p_value(c.comparison.t.p), adjusted, word_of(c, sweeps.analysis)});
  }
  table.says = change_sentences(sweeps);
  return table;
}

Table settings_table(const TwoSweeps& sweeps) {
  Table table{"settings", "Settings, versions and machines that differ.", {"what", "A", "B"}, {}};
  for (const SettingChange& s : sweeps.settings) {
    table.rows.push_back({s.key, s.a.empty() ? "-" : s.a, s.b.empty() ? "-" : s.b});
  }
  return table;
}

}  // namespace al_mpi
