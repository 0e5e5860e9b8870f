#include <cstring>
#include <filesystem>
#include <tuple>

#include <al_mpi/base/error.hpp>
#include <al_mpi/campaign/ask.hpp>
#include <al_mpi/campaign/standing.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/synthetic.hpp>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace al_mpi;
namespace fs = std::filesystem;

namespace {

std::shared_ptr<const Dataset> scenes() {
  static const auto dataset = [] {
    SyntheticOptions options;
    options.n_train = 60;
    options.n_test = 20;
    options.n_classes = 3;
    options.tile = 16;
    return make_synthetic(options);
  }();
  return dataset;
}

std::string tile_name(std::int64_t i) {
  return fmt::format("tile {}", i);
}

/// Labelled and unlabelled files of the same images.
struct Files {
  ScratchFolder folder;
  std::string labeled = folder.file("labeled.h5"), pool = folder.file("pool.h5");

  explicit Files(std::vector<std::string> classes = scenes()->classes) {
    write_dataset(labeled, *scenes());
    const Split& train = scenes()->train();
    DatasetDescription description;
    description.classes = std::move(classes);
    description.bands = scenes()->bands;
    description.pixel_type = train.pixel_type;
    description.height = train.height;
    description.width = train.width;
    description.label_pool = true;
    const auto read = [&train](std::int64_t i, Sample& sample) {
      std::memcpy(sample.image.data(), train.image(i), sample.image.size());
      sample.label = -1;
      sample.name = tile_name(i);
      const double x = static_cast<double>(i);
      sample.footprint = Footprint{Place{x, 1}, Place{x + 1, 1}, Place{x + 1, 0}, Place{x, 0}};
    };
    write_dataset(pool, description, {{"train", {train.n, read}}});
  }

  std::string answers(const std::string& text) const {
    std::ofstream(folder.file("answers.csv")) << "name,class,annotator\n" << text;
    return folder.file("answers.csv");
  }
};

TrialInput small_trial() {
  TrialInput input;
  input.spec = {0, "margin_sampling", "random", 3, {}};
  input.loop = {8, 6, 2};
  input.learner.model.name = "small_cnn";
  input.learner.training.epochs = 2;
  input.learner.training.batch_size = 8;
  return input;
}

const CampaignRound& ask_once(Campaign& campaign, bool expect_new = true) {
  AskRequest request{small_trial(), "settings", "a: 1\n", "/data/"};
  bool is_new = false;
  const CampaignRound& round = ask(campaign, request, {}, is_new);
  CHECK(is_new == expect_new);
  return round;
}

std::vector<std::string> listed;

TellSummary tell_file(Campaign& campaign, const std::string& file, bool accept = false,
                      const std::vector<std::string>& new_classes = {}) {
  listed.clear();
  return tell(campaign, {file, "me", accept, new_classes},
              [](const std::string& line) { listed.push_back(line); });
}

std::string truth(std::int64_t i) {
  return scenes()->classes.at(
      static_cast<std::size_t>(scenes()->train().labels.at(static_cast<std::size_t>(i))));
}

std::string true_answers(const CampaignRound& round) {
  std::string text;
  for (const Question& question : round.questions) {
    text += fmt::format("{},{},\n", tile_name(question.index), truth(question.index));
  }
  return text;
}

}  // namespace

TEST_CASE("A campaign answered with the stored labels asks what the sweep's trial picks") {
  const Files files;
  TrialInput input = small_trial();
  input.dataset = Dataset::open(files.labeled);
  input.fingerprint = "settings";
  std::vector<RoundRecord> records;
  TrialEvents events;
  events.round = [&](const RoundRecord& record) { records.push_back(record); };
  run_trial(input, events);
  REQUIRE(records.size() == 3);

  for (const RoundRecord& record : records) {
    // Another process each time, as people's commands are.
    Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
    const CampaignRound& round = ask_once(campaign);
    REQUIRE(round.questions.size() == record.picks.size());
    for (std::size_t i = 0; i < record.picks.size(); ++i) {
      CHECK(round.questions[i].index == record.picks[i].index);
      CHECK(round.questions[i].score == record.picks[i].score);
    }
    if (record.round > 0) {
      CHECK(round.weights_hash == records[static_cast<std::size_t>(record.round - 1)].weights_hash);
    }
    tell_file(campaign, files.answers(true_answers(round)));
  }
}

TEST_CASE("Asked again before anything is told, a round is the same, and people's files stay") {
  const Files files;
  const std::string land = files.folder.file("land");
  Indices first;
  {
    Campaign campaign(land, files.pool, 3, 5);
    for (const Question& question : ask_once(campaign).questions) first.push_back(question.index);
    CHECK(first.size() == 13);
    CHECK(campaign.rounds()[0].questions[4].held_out);
    CHECK_FALSE(campaign.rounds()[0].questions[5].held_out);
  }
  std::ofstream(land + "/round_00/to_label.csv") << "filled in by hand";
  fs::remove(land + "/round_00/to_label.geojson");
  Campaign campaign(land, files.pool, 99, 7);
  Indices again;
  for (const Question& question : ask_once(campaign, false).questions) {
    again.push_back(question.index);
  }
  CHECK(again == first);
  CHECK(files.folder.contents("land/round_00/to_label.csv") == "filled in by hand");
  CHECK(fs::exists(land + "/round_00/to_label.geojson"));
}

TEST_CASE("Partial answers and skips leave the rest to be asked, skipped tiles never again") {
  const Files files;
  Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
  const auto first = ask_once(campaign).questions;
  std::string text = fmt::format("{},skip,\n", tile_name(first[0].index));
  for (std::size_t i = 1; i < 6; ++i) {
    text += fmt::format("{},{},\n", tile_name(first[i].index), truth(first[i].index));
  }
  const TellSummary told = tell_file(campaign, files.answers(text));
  CHECK(told.n_new == 6);
  CHECK(told.n_skipped == 1);
  CHECK(told.n_open == 2);
  for (int round = 0; round < 30; ++round) {
    const CampaignRound& next = ask_once(campaign);
    CHECK(next.n_labeled == 5 + 6 * round);
    for (const Question& question : next.questions) CHECK(question.index != first[0].index);
    if (next.questions.empty()) break;
    tell_file(campaign, files.answers(true_answers(next)));
  }
  CHECK(campaign.rounds().back().questions.empty());  // 59 of 60 are answered
  CHECK(campaign.rounds().back().n_labeled == 59);
}

TEST_CASE("Answers of one class alone teach nothing: another initial set is asked for") {
  const Files files;
  Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
  std::string text;
  for (const Question& question : ask_once(campaign).questions) {
    text += fmt::format("{},{},\n", tile_name(question.index), scenes()->classes[0]);
  }
  tell_file(campaign, files.answers(text));
  const CampaignRound& next = ask_once(campaign);
  CHECK_FALSE(next.trained);
  CHECK(next.questions.size() == 8);
  for (const Question& question : next.questions) {
    CHECK(campaign.answers().labels[static_cast<std::size_t>(question.index)] == -1);
  }
}

TEST_CASE("Classes that nobody knows are refused by name, and taken where they are named") {
  const Files files(std::vector<std::string>{});
  Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
  ask_once(campaign);
  const std::string file = files.answers("tile 1,Forest,\ntile 2,River,\ntile 3,Forest,\n");
  CHECK_THROWS_WITH(tell_file(campaign, file),
                    Contains("'Forest' (2 answers), 'River' (1 answers)") &&
                        Contains("--new-classes \"Forest,River\""));
  CHECK(campaign.answers().classes.empty());
  tell_file(campaign, file, false, {"Forest", "River", "Lake"});
  CHECK(campaign.answers().classes == std::vector<std::string>{"Forest", "River"});
  CHECK_THROWS_WITH(tell_file(campaign, files.answers("tile 4,Forrest,\n")),
                    Contains("did you mean 'Forest'?"));
  CHECK(campaign.answers().labels[4] == -1);
}

TEST_CASE("Tiles that the pool does not have are refused, nothing is taken") {
  const Files files;
  Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
  ask_once(campaign);
  CHECK_THROWS_WITH(
      tell_file(campaign, files.answers("tile 1," + truth(1) + ",\ntile 99," + truth(1) + ",\n")),
      Contains("1 answers are about tiles that the pool does not have: 'tile 99'"));
  CHECK(campaign.answers().labels[1] == -1);
  CHECK_THROWS_WITH(tell_file(campaign, files.answers("tile 1,,\n")), Contains("holds no answer"));
}

TEST_CASE("Contradictions are all listed, and none is taken unless accepted") {
  const Files files;
  const auto& k = scenes()->classes;
  Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
  ask_once(campaign);
  tell_file(campaign, files.answers(fmt::format("tile 1,{0},\ntile 2,{0},\ntile 3,{0},\n", k[0])));
  const std::string file = files.answers(
      fmt::format("tile 1,{1},\ntile 2,skip,\ntile 3,{0},\ntile 4,{0},\n", k[0], k[1]));
  CHECK_THROWS_WITH(tell_file(campaign, file), Contains("contradicts 2 earlier answers") &&
                                                   Contains("--accept") && Contains("--annotator"));
  CHECK(listed ==
        std::vector<std::string>{fmt::format("tile 1: me said {} before, now {}", k[0], k[1]),
                                 fmt::format("tile 2: me said {} before, now skip", k[0])});
  CHECK(campaign.answers().labels[1] == 0);
  CHECK(campaign.answers().labels[4] == -1);  // nothing of the file
  const TellSummary told = tell_file(campaign, file, true);
  CHECK(told.n_changed == 2);
  CHECK(told.n_same == 1);
  CHECK(told.n_new == 1);
  CHECK(campaign.answers().labels[1] == 1);
  CHECK(campaign.answers().skipped[2]);
  // A file that contradicts itself is not taken at all.
  CHECK_THROWS_WITH(
      tell_file(campaign, files.answers(fmt::format("tile 5,{},\ntile 5,{},\n", k[0], k[1])), true),
      Contains("contradicts itself"));
}

TEST_CASE("Two annotators' agreement is Cohen's kappa, what they dispute is not trained on") {
  const Files files;
  const auto& k = scenes()->classes;
  Campaign campaign(files.folder.file("land"), files.pool, 3, 0);
  ask_once(campaign);
  std::string text;
  // ann: 0 0 0 1 1, bob: 0 0 1 1 skip. Of 4 tiles 3 are equal; by chance 3/4 x 2/4 + 1/4 x 2/4 =
  // 1/2, so kappa = (3/4 - 1/2) / (1 - 1/2) = 1/2.
  for (const auto& [tile, ann, bob] : std::vector<std::tuple<int, std::string, std::string>>{
           {1, k[0], k[0]}, {2, k[0], k[0]}, {3, k[0], k[1]}, {4, k[1], k[1]}, {5, k[1], "skip"}}) {
    text += fmt::format("tile {0},{1},ann\ntile {0},{2},bob\n", tile, ann, bob);
  }
  tell_file(campaign, files.answers(text));
  const auto pairs = agreements(campaign.answers());
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].n == 4);
  CHECK(pairs[0].n_equal == 3);
  CHECK(pairs[0].kappa == Approx(0.5));
  CHECK(campaign.answers().disputed == Indices{3});
  CHECK(campaign.answers().labels[3] == -1);
  CHECK(campaign.answers().labels[5] == 1);  // who skips has no vote
  for (const Question& question : ask_once(campaign).questions) CHECK(question.index != 3);
  // A third one settles it.
  tell_file(campaign, files.answers(fmt::format("tile 3,{},cyd\n", k[1])));
  CHECK(campaign.answers().disputed.empty());
  CHECK(campaign.answers().labels[3] == 1);
}

TEST_CASE("Held-out answers are measured on and never trained on") {
  const Files files;
  Campaign campaign(files.folder.file("land"), files.pool, 3, 10);
  tell_file(campaign, files.answers(true_answers(ask_once(campaign))));
  const CampaignRound& round = ask_once(campaign);
  CHECK(round.n_labeled == 8);
  CHECK(round.n_tested == 10);
  REQUIRE(round.confusion.size() == 9);
  std::int64_t n_correct = round.confusion[0] + round.confusion[4] + round.confusion[8];
  CHECK(round.metrics.at("accuracy") == Approx(static_cast<double>(n_correct) / 10));
  const Standing standing = standing_of(campaign, 0.005);
  REQUIRE(standing.rounds.size() == 1);
  CHECK(standing.rounds[0].accuracy.share == Approx(static_cast<double>(n_correct) / 10));
  CHECK_THAT(standing.verdict, Contains("Too early"));
  std::int64_t n_held_out = 0;
  for (const ClassStanding& of_class : standing.classes) n_held_out += of_class.n_held_out;
  CHECK(n_held_out == 10);
  write_page(campaign, standing);
  CHECK_THAT(files.folder.contents("land/campaign.html"), Contains("To label in round 1"));
}

TEST_CASE("Errors that fall as a power law are found again") {
  const PowerLaw law = power_law({10, 20, 40}, {0.4, 0.2, 0.1});
  CHECK(law.b == Approx(1));
  CHECK(law.at(80) == Approx(0.05));
  CHECK(power_law({10, 20, 40}, {0.1, 0.2, 0.3}).b == 0);  // more labels never harm
}

TEST_CASE("A campaign notices another pool, changed answers, and another command at work") {
  const Files files;
  const std::string land = files.folder.file("land");
  {
    Campaign campaign(land, files.pool, 3, 0);
    ask_once(campaign);
    tell_file(campaign, files.answers("tile 1," + truth(1) + ",\n"));
    CHECK_THROWS_WITH(Campaign(land), Contains("another command works on this campaign"));
  }
  CHECK_THROWS_WITH(Campaign(files.folder.file("nothing")), Contains("holds no campaign"));
  CHECK_THROWS_WITH(Campaign(files.folder.file("other"), files.labeled, 3, 0),
                    Contains("is labelled already"));
  std::string log = files.folder.contents("land/answers/0001.json");
  const auto at = log.find(truth(1));
  log.replace(at, truth(1).size(), scenes()->classes[truth(1) == scenes()->classes[0] ? 1 : 0]);
  std::ofstream(land + "/answers/0001.json") << log;
  CHECK_THROWS_WITH(Campaign(land), Contains("was changed by hand or damaged"));
}
