#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include "json_values.hpp"
#include "shown_samples.hpp"
#include "tools/aggregate/figures/looks.hpp"
#include "tools/aggregate/study/courses.hpp"

#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>
#include <al_mpi/catalog/class_colour.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {

namespace embedded {  // made by al_embed() in CMakeLists.txt
extern const char* const report_html;
extern const char* const report_css;
extern const char* const report_js;
extern const char* const uplot_css;
extern const char* const uplot_js;
}  // namespace embedded

namespace {

using nlohmann::json;

constexpr std::size_t most_confusion = 400'000;    // numbers of matrices, about 1 MB
constexpr std::size_t most_calibration = 100'000;  // numbers of bins, about 0.4 MB
constexpr std::size_t most_attempts = 5000;        // drawn; a browser stays quick with them

/// "n" is null at budgets without rounds, which a line may cross; 0 where rounds have no value.
json curve(const PanelAnalysis& p, std::size_t strategy) {
  const StrategySummary& s = p.strategies[strategy];
  json object = {{"name", s.strategy}};
  for (std::size_t i = 0; i < s.rounds.size(); ++i) {
    const Spread& round = s.rounds[i];
    object["n"].push_back(has_rounds(p.panel, strategy, i) ? json(round.sample.n) : json(nullptr));
    object["mean"].push_back(number(round.sample.mean));
    object["low"].push_back(number(round.interval.low));
    object["high"].push_back(number(round.interval.high));
  }
  return object;
}

/// Curves of one metric; `analysis` is of that metric.
void add_panels(json& panels, const Analysis& analysis) {
  for (const PanelAnalysis& p : analysis.panels) {
    json object = {{"metric", analysis.metric},  {"lower_is_better", analysis.lower_is_better},
                   {"dataset", p.panel.dataset}, {"init", p.panel.init},
                   {"labels", p.panel.labels},   {"strategies", json::array()}};
    for (std::size_t s = 0; s < p.strategies.size(); ++s) {
      object["strategies"].push_back(curve(p, s));
    }
    panels.push_back(std::move(object));
  }
}

json all_panels(const Study& study, const Analysis& analysis) {
  json panels = json::array();
  for (const std::string& metric : metrics_of(study)) {
    if (metric == analysis.metric) {
      add_panels(panels, analysis);
    } else {
      AnalysisOptions options = analysis.options;
      options.metric = metric;
      add_panels(panels, summarize(study, options));
    }
  }
  return panels;
}

json strategies(const Study& study) {
  json list = json::array();
  std::set<std::string> known;
  for (const StudyTrial& trial : study.trials) {
    const std::string& name = study.record(trial).spec.strategy;
    if (!known.insert(name).second) continue;
    const Look look = look_of(name);
    list.push_back({{"name", name},
                    {"title", is_oracle(name) ? name + " (oracle)" : name},
                    {"colour", look.colour},
                    {"dash", look.dash}});
  }
  return list;
}

json cell(const TableCell& c) {
  json key = c.kind == TableCell::Kind::text ? json(c.text) : number(c.first);
  json result = {c.shown(), std::move(key)};
  if (c.strong) result.push_back(true);
  return result;
}

json table(const Table& t) {
  json object = {{"name", t.name},
                 {"caption", t.caption},
                 {"says", t.says},
                 {"columns", json::array()},
                 {"rows", json::array()}};
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    object["columns"].push_back(
        {{"name", t.columns[i]}, {"numeric", t.rows.front()[i].is_numeric()}});
  }
  for (const auto& row : t.rows) {
    json cells = json::array();
    for (const TableCell& c : row) cells.push_back(cell(c));
    object["rows"].push_back(std::move(cells));
  }
  return object;
}

/// Shares of each true class in thousandths: short, and exact enough for a picture.
json thousandths(const std::vector<std::int64_t>& counts, std::size_t classes) {
  json list = json::array();
  for (std::size_t row = 0; row < classes; ++row) {
    const auto first = counts.begin() + static_cast<std::ptrdiff_t>(row * classes);
    const double sum = std::accumulate(first, first + static_cast<std::ptrdiff_t>(classes), 0.0);
    for (std::size_t i = 0; i < classes; ++i) {
      const auto count = static_cast<double>(counts[row * classes + i]);
      list.push_back(sum > 0.0 ? json(std::lround(1000.0 * count / sum)) : json(nullptr));
    }
  }
  return list;
}

json confusion(const Study& study) {
  json list = json::array();
  for (const auto& c : courses_of(study, &ResultsTables::confusion, most_confusion)) {
    json course = {{"dataset", c.dataset}, {"init", c.init},     {"strategy", c.strategy},
                   {"classes", c.classes}, {"labels", c.labels}, {"trials", c.trials}};
    for (const auto& counts : c.counts) {
      course["shares"].push_back(thousandths(counts, c.classes.size()));
    }
    list.push_back(std::move(course));
  }
  return list;
}

/// Of each bin: mean confidence and accuracy in thousandths, and the number of predictions.
json bins(const std::vector<double>& calibration) {
  json list = json::array();
  for (std::size_t b = 0; b + 2 < calibration.size(); b += 3) {
    const double n = calibration[b + 2];
    const auto mean = [&](double sum) {
      return n > 0.0 ? json(std::lround(1000.0 * sum / n)) : json(nullptr);
    };
    list.push_back({mean(calibration[b]), mean(calibration[b + 1]), std::llround(n)});
  }
  return list;
}

json calibration(const Study& study) {
  json list = json::array();
  for (const auto& c : courses_of(study, &ResultsTables::calibration, most_calibration)) {
    json course = {{"dataset", c.dataset},
                   {"init", c.init},
                   {"strategy", c.strategy},
                   {"labels", c.labels},
                   {"trials", c.trials}};
    for (const auto& counts : c.counts) {
      course["bins"].push_back(bins(counts));
    }
    list.push_back(std::move(course));
  }
  return list;
}

/// Of as many classes as any file has.
json class_colours(const Study& study) {
  std::size_t n = 0;
  for (const ResultsTables& file : study.files) n = std::max(n, file.class_names.size());
  json list = json::array();
  for (std::size_t i = 0; i < n; ++i) list.push_back(fmt::format("#{:06X}", class_colour(i)));
  return list;
}

json farm(const Study& study) {
  json attempts = json::array();
  std::size_t total = 0;
  for (const ResultsTables& file : study.files) {
    total += file.attempts.size();
    for (const ResultsTables::Attempt& a : file.attempts) {
      if (attempts.size() == most_attempts) break;
      attempts.push_back({{"key", file.trials[static_cast<std::size_t>(a.trial)].spec.key()},
                          {"attempt", a.attempt},
                          {"rank", fmt::format("{} rank {}", a.host, a.rank)},
                          {"outcome", a.outcome},
                          {"message", a.message},
                          {"started", number(a.started)},
                          {"seconds", std::isfinite(a.seconds) ? a.seconds : 0.0}});
    }
  }
  return {{"attempts", std::move(attempts)}, {"total", total}};
}

std::string state_line(const Study& study, const Analysis& analysis) {
  std::size_t done = 0, failed = 0;
  for (const StudyTrial& trial : study.trials) {
    done += trial.state == TrialState::done ? 1 : 0;
    failed += trial.state == TrialState::failed || trial.state == TrialState::quarantined ? 1 : 0;
  }
  const std::string& baseline = analysis.options.baseline;
  return fmt::format("{} of {} trials done{}; metric {}{}, level {:g}.", done, study.trials.size(),
                     failed == 0 ? "" : fmt::format(", {} failed", failed), analysis.metric,
                     baseline.empty() ? "" : ", baseline " + baseline, analysis.options.alpha);
}

json figures(const std::vector<std::string>& files) {
  json list = json::array();
  for (const std::string& path : files) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    list.push_back({{"name", std::filesystem::path(path).stem().string()},
                    {"image", "data:image/svg+xml;base64," + base64(text.str())}});
  }
  return list;
}

/// JSON inside a script element: "</script>" must not occur, nor bytes that are no UTF-8.
std::string for_script(const json& object) {
  const std::string text = object.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string result;
  for (const char c : text) result += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return result;
}

/// The page with every %NAME% replaced; values are not searched again.
std::string filled(const std::string& page,
                   const std::vector<std::pair<std::string, std::string>>& values) {
  std::string result;
  for (std::size_t i = 0; i < page.size();) {
    const auto found = std::find_if(values.begin(), values.end(), [&](const auto& value) {
      return page.compare(i, value.first.size(), value.first) == 0;
    });
    if (found == values.end()) {
      result += page[i++];
    } else {
      result += found->second;
      i += found->first.size();
    }
  }
  return result;
}

}  // namespace

std::string report_html(const Study& study, const Analysis& analysis,
                        const std::vector<Table>& tables,
                        const std::vector<std::string>& figure_files) {
  std::string title;
  for (const std::string& group : study.groups) title += (title.empty() ? "" : ", ") + group;
  json data = {
      {"title", "Active learning: " + title},
      {"state", state_line(study, analysis)},
      {"made", fmt::format("Made by al_aggregate {} ({}).", version, git_description)},
      {"metric", analysis.metric},
      {"x", {{"name", name_of(analysis.options.x)}, {"title", axis_title(analysis.options.x)}}},
      {"notes", analysis.notes},
      {"strategies", strategies(study)},
      {"panels", all_panels(study, analysis)},
      {"tables", json::array()},
      {"figures", figures(figure_files)},
      {"confusion", confusion(study)},
      {"calibration", calibration(study)},
      {"samples", shown_samples(study)},
      {"class_colours", class_colours(study)},
      {"farm", farm(study)},
      {"files", json::array()}};
  for (const Table& t : tables) {
    if (!t.long_form) data["tables"].push_back(table(t));
  }
  for (const ResultsTables& file : study.files) {
    data["files"].push_back({{"path", std::filesystem::path(file.path).filename().string()},
                             {"complete", file.complete},
                             {"attributes", file.attributes}});
  }
  return filled(embedded::report_html, {{"%UPLOT_CSS%", embedded::uplot_css},
                                        {"%REPORT_CSS%", embedded::report_css},
                                        {"%DATA%", for_script(data)},
                                        {"%UPLOT_JS%", embedded::uplot_js},
                                        {"%REPORT_JS%", embedded::report_js}});
}

}  // namespace al_mpi
