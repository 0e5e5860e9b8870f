#include <al_mpi/campaign/campaign.hpp>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "round_json.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/hash.hpp>
#include <al_mpi/base/rng.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

std::string now() {
  return utc(static_cast<double>(std::time(nullptr)));
}

/// The file's JSON, of which `format` names the kind.
json read_json(const std::string& path, const std::string& format) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json all = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object() || all.value("format", json()) != format) {
    throw DataError(path, "", fmt::format("is no {} of this program, or damaged", format));
  }
  return all;
}

/// Makes a folder that outlives a failure of power.
void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!fs::is_directory(path)) {
    throw DataError(path, "", fmt::format("the folder cannot be made ({})", error.message()));
  }
  const std::string parent = fs::absolute(path).parent_path().string();
  const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

std::string hash_of(const json& answers) {
  return to_hex(stable_hash(answers.dump()));
}

}  // namespace

std::string CampaignAnswers::hash() const {
  json all = {{"classes", classes}, {"labels", labels}};
  for (std::size_t i = 0; i < skipped.size(); ++i) {
    if (skipped[i]) all["skipped"].push_back(i);
  }
  all["disputed"] = disputed;
  return hash_of(all);
}

Campaign::Campaign(const std::string& folder) : folder_(folder) {
  if (!fs::exists(fs::path(folder) / "campaign.json")) {
    throw DataError(folder, "", "holds no campaign (al_trial ask begins one)");
  }
  read();
}

Campaign::Campaign(const std::string& folder, const std::string& pool, std::int64_t seed,
                   std::int64_t held_out)
    : folder_(folder) {
  const std::string file = (fs::path(folder) / "campaign.json").string();
  const std::string path = fs::absolute(pool).lexically_normal().string();
  if (fs::exists(file)) {
    read();
    if (fs::weakly_canonical(pool_path_) != fs::weakly_canonical(path)) {
      throw ConfigError("dataset.path", fmt::format("{} is not the pool of the campaign {}: {}",
                                                    pool, folder, pool_path_));
    }
    return;
  }
  make_folder(folder);
  lock();
  open_pool(path, "");
  const std::int64_t n = pool_.dataset->train().n;
  if (held_out >= n) {
    throw ConfigError("training.validation",
                      fmt::format("{} of the pool's {} tiles cannot be held out", held_out, n));
  }
  held_out_ = RngStream(seed, "validation").sample(n, held_out);
  std::vector<std::string> names;
  for (const std::int64_t index : held_out_) names.push_back(name_of(index));
  const ordered_json all = {{"format", "al_mpi campaign"},
                            {"version", 1},
                            {"begun", now()},
                            {"pool", path},
                            {"fingerprint", pool_.dataset->fingerprint()},
                            {"held_out", names}};
  write_file_atomically(file, all.dump(1) + "\n");
  settle();
}

Campaign::~Campaign() {
  if (lock_ >= 0) ::close(lock_);
}

void Campaign::lock() {
  lock_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw DataError(folder_, "", "another command works on this campaign: wait for its end");
  }
}

void Campaign::open_pool(const std::string& path, const std::string& fingerprint) {
  pool_path_ = path;
  pool_ = LabelPool::open(path);
  if (pool_.dataset->task != Task::classification) {
    throw DataError(path, "", "campaigns ask for a class a tile: this pool has label maps");
  }
  for (std::int64_t i = 0; i < pool_.dataset->train().n; ++i) index_of_[name_of(i)] = i;
  const std::string found = pool_.dataset->fingerprint();
  if (fingerprint.empty() || fingerprint == found) return;
  throw DataError(path, "",
                  fmt::format("is another pool than at the beginning of the campaign {} "
                              "(fingerprint {}, then {})",
                              folder_, found, fingerprint));
}

void Campaign::read() {
  lock();
  const std::string file = (fs::path(folder_) / "campaign.json").string();
  const json all = read_json(file, "al_mpi campaign");
  try {
    open_pool(all.at("pool").get<std::string>(), all.at("fingerprint").get<std::string>());
    for (const json& name : all.at("held_out")) {
      held_out_.push_back(index_of_.at(name.get<std::string>()));
    }
    read_rounds();
    read_answers_told();
  } catch (const json::exception& error) {
    throw DataError(folder_, "", fmt::format("a file holds other fields ({})", error.what()));
  } catch (const std::out_of_range&) {
    throw DataError(folder_, "", "names a tile that its pool does not have");
  }
  settle();
}

std::string Campaign::round_folder(int round) const {
  return (fs::path(folder_) / fmt::format("round_{:02}", round)).string();
}

const std::string& Campaign::name_of(std::int64_t index) const {
  return pool_.dataset->train().names.at(static_cast<std::size_t>(index));
}

std::set<std::int64_t> Campaign::asked() const {
  std::set<std::int64_t> tiles;
  for (const CampaignRound& round : rounds_) {
    for (const Question& question : round.questions) tiles.insert(question.index);
  }
  return tiles;
}

std::int64_t Campaign::n_open() const {
  if (rounds_.empty()) return 0;
  const auto& questions = rounds_.back().questions;
  return std::count_if(questions.begin(), questions.end(), [this](const Question& question) {
    return answers_.is_open(question.index);
  });
}

void Campaign::read_rounds() {
  for (int round = 0;; ++round) {
    const std::string file = (fs::path(round_folder(round)) / "round.json").string();
    if (!fs::exists(file)) return;
    rounds_.push_back(read_json(file, "al_mpi round").get<CampaignRound>());
  }
}

void Campaign::add(const CampaignRound& round) {
  check(round.round == static_cast<int>(rounds_.size()), "round {}", round.round);
  make_folder(round_folder(round.round));
  ordered_json all = {{"format", "al_mpi round"}, {"version", 1}, {"made", now()}};
  all.update(round_to_json(round, pool_.dataset->train().names));
  write_file_atomically((fs::path(round_folder(round.round)) / "round.json").string(),
                        all.dump(1) + "\n");
  rounds_.push_back(round);
}

void Campaign::read_answers_told() {
  answers_.classes = pool_.dataset->classes;
  for (n_told_ = 0;; ++n_told_) {
    const std::string file =
        (fs::path(folder_) / "answers" / fmt::format("{:04}.json", n_told_ + 1)).string();
    if (!fs::exists(file)) return;
    const json all = read_json(file, "al_mpi answers");
    json hashed = {{"new_classes", all.at("new_classes")}, {"answers", all.at("answers")}};
    if (hash_of(hashed) != all.at("hash").get<std::string>()) {
      throw DataError(file, "", "was changed by hand or damaged (its hash does not hold)");
    }
    for (const json& name : all.at("new_classes")) answers_.classes.push_back(name);
    std::map<std::string, std::int64_t> class_of = {{"skip", -1}};
    for (std::size_t k = 0; k < answers_.classes.size(); ++k) {
      class_of[answers_.classes[k]] = static_cast<std::int64_t>(k);
    }
    for (const json& answer : all.at("answers")) {
      const auto index = index_of_.at(answer.at("name").get<std::string>());
      answers_.by_annotator[answer.at("annotator").get<std::string>()][index] =
          class_of.at(answer.at("class").get<std::string>());
    }
  }
}

void Campaign::add(const std::map<std::string, std::map<std::int64_t, std::int64_t>>& by_annotator,
                   const std::vector<std::string>& new_classes, const std::string& source) {
  std::vector<std::string> classes = answers_.classes;
  classes.insert(classes.end(), new_classes.begin(), new_classes.end());
  json answers = json::array();
  for (const auto& [annotator, of_tile] : by_annotator) {
    for (const auto& [index, label] : of_tile) {
      answers.push_back(
          {{"name", name_of(index)},
           {"class", label < 0 ? "skip" : classes.at(static_cast<std::size_t>(label))},
           {"annotator", annotator}});
    }
  }
  const json hashed = {{"new_classes", new_classes}, {"answers", answers}};
  const ordered_json all = {{"format", "al_mpi answers"},
                            {"version", 1},
                            {"told", now()},
                            {"source", source},
                            {"new_classes", new_classes},
                            {"answers", answers},
                            {"hash", hash_of(hashed)}};
  const std::string folder = (fs::path(folder_) / "answers").string();
  make_folder(folder);
  write_file_atomically((fs::path(folder) / fmt::format("{:04}.json", n_told_ + 1)).string(),
                        all.dump(1) + "\n");
  ++n_told_;
  answers_.classes = classes;
  for (const auto& [annotator, of_tile] : by_annotator) {
    for (const auto& [index, label] : of_tile) answers_.by_annotator[annotator][index] = label;
  }
  settle();
}

/// A tile's class is the one that most annotators gave; where two have as many, it is disputed.
void Campaign::settle() {
  const auto n = static_cast<std::size_t>(pool_.dataset->train().n);
  if (answers_.classes.empty()) answers_.classes = pool_.dataset->classes;
  answers_.labels = pool_.dataset->train().labels;
  answers_.skipped.assign(n, false);
  answers_.disputed.clear();
  std::vector<std::map<std::int64_t, int>> votes(n);
  for (const auto& [annotator, of_tile] : answers_.by_annotator) {
    for (const auto& [index, label] : of_tile) ++votes[static_cast<std::size_t>(index)][label];
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (votes[i].empty()) continue;
    votes[i].erase(-1);
    answers_.skipped[i] = votes[i].empty();
    answers_.labels[i] = -1;
    int most = 0, n_most = 0;
    for (const auto& [label, count] : votes[i]) {
      n_most = count > most ? 1 : n_most + (count == most ? 1 : 0);
      if (count > most) answers_.labels[i] = label;
      most = std::max(most, count);
    }
    if (n_most < 2) continue;
    answers_.labels[i] = -1;
    answers_.disputed.push_back(static_cast<std::int64_t>(i));
  }
}

}  // namespace al_mpi
