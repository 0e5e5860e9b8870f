#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "markup.hpp"
#include "predicted.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/campaign/standing.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Labelling campaign</title>
<style>
body { font: 16px/1.45 system-ui, sans-serif; color: #1c2430; background: #fff; margin: 0 auto; max-width: 1100px; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #c9d1da; }
table { border-collapse: collapse; display: block; overflow-x: auto; } th, td { padding: .2rem .8rem .2rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; border-bottom: 1px solid #c9d1da; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; list-style: none; }
.tiles li { width: 150px; font-size: .8rem; overflow-wrap: anywhere; }
.tiles img { width: 150px; height: 150px; display: block; border: 1px solid #c9d1da; box-sizing: border-box; }
.verdict { font-weight: 600; } .note { color: #55606e; }
svg { max-width: 100%; height: auto; background: #f4f6f8; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: 0; list-style: none; font-size: .9rem; }
.legend span { display: inline-block; width: .9em; height: .9em; margin-right: .35em; vertical-align: -.1em; }
summary { cursor: pointer; font-weight: 600; }
</style></head><body>
)";

/// Hues far apart, whatever the number of classes; grey for none.
std::string color_of(std::int64_t label) {
  if (label < 0) return "#c9d1da";
  return fmt::format("hsl({:.0f} 65% {}%)",
                     std::fmod(205 + 137.508 * static_cast<double>(label), 360),
                     label % 2 == 0 ? 42 : 56);
}

class Page {
 public:
  Page(const Campaign& campaign, const Standing& standing)
      : campaign_(campaign), standing_(standing) {
    for (const CampaignRound& round : campaign.rounds()) {
      for (const Question& question : round.questions) round_of_[question.index] = round.round;
    }
  }

  std::string text() {
    out_ = head;
    summary();
    map();
    to_label();
    answered();
    return out_ + "</body></html>\n";
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...);
  }

  void summary() {
    const std::string name =
        fs::absolute(campaign_.folder()).lexically_normal().filename().string();
    add("<h1>Labelling campaign {}</h1>\n<p>{} of {} tiles have a class; {} were asked for, {} "
        "skipped, {} disputed; {} of the last round are open.</p>\n<p class=\"verdict\">{}</p>\n",
        markup(name), standing_.n_labeled, standing_.n_tiles, standing_.n_asked,
        standing_.n_skipped, standing_.n_disputed, standing_.n_open, markup(standing_.verdict));
    out_ +=
        "<h2>Rounds</h2>\n<table><tr><th>round</th><th>labels</th><th>held-out answers</th>"
        "<th>accuracy</th><th>95 % interval</th><th>gain</th><th>tiles whose class changed</th>"
        "</tr>\n";
    for (const RoundStanding& round : standing_.rounds) {
      add("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></"
          "tr>\n",
          round.round, round.n_labeled, round.n_tested, percent(round.accuracy.share),
          round.n_tested == 0 ? std::string("-")
                              : fmt::format("{:.1f} to {:.1f} %", 100 * round.accuracy.low,
                                            100 * round.accuracy.high),
          points(round.gain), percent(round.changed));
    }
    out_ +=
        "</table>\n<h2>Labels by class</h2>\n<table><tr><th>class</th><th>to train on</th>"
        "<th>held out</th></tr>\n";
    for (const ClassStanding& of_class : standing_.classes) {
      add("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", markup(of_class.name), of_class.n_trained,
          of_class.n_held_out);
    }
    out_ += "</table>\n";
  }

  /// From degrees to the map's points: 1000 along its longer side.
  struct Frame {
    double west = 1e9, east = -1e9, south = 1e9, north = -1e9;
    double tile = 0;  ///< width of one [points]

    bool empty() const { return west > east; }
    double narrow() const { return std::cos((south + north) / 2 * 3.14159265358979 / 180); }
    double scale() const {
      return 1000 / std::max({(east - west) * narrow(), north - south, 1e-9});
    }
    double x(const Place& place) const { return (place.longitude - west) * narrow() * scale(); }
    double y(const Place& place) const { return (north - place.latitude) * scale(); }
  };

  Frame frame() const {
    Frame frame;
    const Footprint* last = nullptr;
    for (const auto& footprint : campaign_.footprints()) {
      if (!footprint) continue;
      last = &*footprint;
      for (const Place& corner : *footprint) {
        frame.west = std::min(frame.west, corner.longitude);
        frame.east = std::max(frame.east, corner.longitude);
        frame.south = std::min(frame.south, corner.latitude);
        frame.north = std::max(frame.north, corner.latitude);
      }
    }
    if (last != nullptr) frame.tile = std::abs(frame.x((*last)[1]) - frame.x((*last)[0]));
    return frame;
  }

  /// Classes by the last network that was trained, over the pool; -1 = none.
  std::vector<std::int64_t> last_prediction() const {
    const std::size_t n = campaign_.footprints().size();
    for (auto round = campaign_.rounds().rbegin(); round != campaign_.rounds().rend(); ++round) {
      auto predicted = predicted_classes(campaign_, *round);
      if (predicted.size() == n) return predicted;
    }
    return std::vector<std::int64_t>(n, -1);
  }

  /// Footprints in the colour of the answer, else of the last network's class.
  void map() {
    out_ += "<h2>The map so far</h2>\n";
    const Frame frame = this->frame();
    if (frame.empty()) {
      out_ += "<p class=\"note\">The tiles do not say where on Earth they lie.</p>\n";
      return;
    }
    const auto shown = last_prediction();
    const CampaignAnswers& answers = campaign_.answers();
    std::map<std::int64_t, std::string> paths;
    std::string answered;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (!campaign_.footprints()[i]) continue;
      std::string path = "M";
      for (const Place& corner : *campaign_.footprints()[i]) {
        path += fmt::format("{:.1f} {:.1f} ", frame.x(corner), frame.y(corner));
      }
      path.back() = 'z';
      const std::int64_t label = answers.labels[i];
      paths[label >= 0 ? label : shown[i]] += path;
      if (label >= 0) answered += path;
    }
    const Place far{frame.east, frame.south};
    add("<svg role=\"img\" aria-label=\"Map of the tiles by class\" width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" viewBox=\"-10 -10 {0:.0f} {1:.0f}\">\n",
        frame.x(far) + 20, frame.y(far) + 20);
    const double border = std::max(0.5, 5 - frame.tile);  // tiles far apart are seen, too
    for (const auto& [label, path] : paths) {
      add("<path d=\"{0}\" fill=\"{1}\" stroke=\"{1}\" stroke-width=\"{2:.1f}\"/>\n", path,
          color_of(label), border);
    }
    add("<path d=\"{}\" fill=\"none\" stroke=\"#111\" stroke-width=\"1\"/>\n</svg>\n", answered);
    out_ += "<ul class=\"legend\">\n";
    for (const auto& [label, path] : paths) {
      add("<li><span style=\"background:{}\"></span>{}</li>\n", color_of(label),
          label < 0 ? "not known yet"
                    : markup(answers.classes.at(static_cast<std::size_t>(label))));
    }
    out_ += "<li>black: answered by people, the others by the last network</li></ul>\n";
  }

  void tile(std::int64_t index, const std::string& what) {
    const std::string name = markup(campaign_.name_of(index));
    const auto round = round_of_.find(index);
    add("<li>");
    if (round != round_of_.end()) {
      add("<img loading=\"lazy\" src=\"round_{:02}/thumbnails/{:06}.png\" alt=\"tile {}\">",
          round->second, index, name);
    }
    add("{}<br>{}</li>\n", name, what);
  }

  void to_label() {
    if (campaign_.rounds().empty()) return;
    const CampaignRound& round = campaign_.rounds().back();
    add("<h2>To label in round {}</h2>\n<ul class=\"tiles\">\n", round.round);
    for (const Question& question : round.questions) {
      if (!campaign_.answers().is_open(question.index)) continue;
      tile(question.index, question.held_out ? "held out: measured on, no suggestion"
                           : question.suggested.empty()
                               ? "no suggestion yet"
                               : fmt::format("{}? ({:.0f} %)", markup(question.suggested),
                                             100 * question.probability));
    }
    out_ += "</ul>\n";
  }

  void answered() {
    out_ += "<h2>Answered</h2>\n";
    const CampaignAnswers& answers = campaign_.answers();
    const std::set<std::int64_t> held_out(campaign_.held_out().begin(), campaign_.held_out().end());
    for (std::size_t k = 0; k < answers.classes.size(); ++k) {
      const auto& of_class = standing_.classes.at(k);
      if (of_class.n_trained + of_class.n_held_out == 0) continue;
      add("<details><summary>{} ({})</summary>\n<ul class=\"tiles\">\n", markup(of_class.name),
          of_class.n_trained + of_class.n_held_out);
      for (std::size_t i = 0; i < answers.labels.size(); ++i) {
        const auto index = static_cast<std::int64_t>(i);
        if (answers.labels[i] != static_cast<std::int64_t>(k)) continue;
        tile(index, held_out.count(index) > 0 ? "held out" : "");
      }
      out_ += "</ul></details>\n";
    }
    if (!answers.disputed.empty()) {
      add("<details><summary>Disputed, not trained on ({})</summary>\n<ul class=\"tiles\">\n",
          answers.disputed.size());
      for (const std::int64_t index : answers.disputed) tile(index, said_of(index));
      out_ += "</ul></details>\n";
    }
  }

  /// "ann: Forest, bob: Pasture".
  std::string said_of(std::int64_t index) const {
    std::string text;
    for (const auto& [annotator, of_tile] : campaign_.answers().by_annotator) {
      const auto said = of_tile.find(index);
      if (said == of_tile.end()) continue;
      text += fmt::format(
          "{}{}: {}", text.empty() ? "" : ", ", markup(annotator),
          said->second < 0
              ? "skip"
              : markup(campaign_.answers().classes.at(static_cast<std::size_t>(said->second))));
    }
    return text;
  }

  const Campaign& campaign_;
  const Standing& standing_;
  std::map<std::int64_t, int> round_of_;  ///< tile -> the last round that asked about it
  std::string out_;
};

}  // namespace

void write_page(const Campaign& campaign, const Standing& standing) {
  write_file_atomically((fs::path(campaign.folder()) / "campaign.html").string(),
                        Page(campaign, standing).text());
}

}  // namespace al_mpi
