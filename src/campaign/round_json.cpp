#include "round_json.hpp"

#include <cmath>

namespace al_mpi {

using nlohmann::ordered_json;

ordered_json round_to_json(const CampaignRound& round, const std::vector<std::string>& names) {
  ordered_json questions = ordered_json::array();
  for (const Question& question : round.questions) {
    questions.push_back({{"index", question.index},
                         {"name", names.at(static_cast<std::size_t>(question.index))},
                         {"held_out", question.held_out},
                         {"score", std::isfinite(question.score) ? nlohmann::json(question.score)
                                                                 : nlohmann::json()},
                         {"suggested", question.suggested},
                         {"probability", question.probability}});
  }
  ordered_json metrics = ordered_json::object();
  for (const auto& [name, value] : round.metrics) {
    if (std::isfinite(value)) metrics[name] = value;
  }
  return {{"round", round.round},
          {"trained", round.trained},
          {"strategy", round.strategy},
          {"settings", round.settings},
          {"answers", round.answers},
          {"classes", round.classes},
          {"n_labeled", round.n_labeled},
          {"n_tested", round.n_tested},
          {"metrics", metrics},
          {"confusion", round.confusion},
          {"weights_hash", round.weights_hash},
          {"questions", questions}};
}

void from_json(const nlohmann::json& from, CampaignRound& round) {
  from.at("round").get_to(round.round);
  from.at("trained").get_to(round.trained);
  from.at("strategy").get_to(round.strategy);
  from.at("settings").get_to(round.settings);
  from.at("answers").get_to(round.answers);
  from.at("classes").get_to(round.classes);
  from.at("n_labeled").get_to(round.n_labeled);
  from.at("n_tested").get_to(round.n_tested);
  from.at("metrics").get_to(round.metrics);
  from.at("confusion").get_to(round.confusion);
  from.at("weights_hash").get_to(round.weights_hash);
  for (const auto& question : from.at("questions")) {
    Question& to = round.questions.emplace_back();
    question.at("index").get_to(to.index);
    question.at("held_out").get_to(to.held_out);
    const auto& score = question.at("score");
    to.score = score.is_null() ? NAN : score.get<double>();
    question.at("suggested").get_to(to.suggested);
    question.at("probability").get_to(to.probability);
  }
}

}  // namespace al_mpi
