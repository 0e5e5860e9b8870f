#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <al_mpi/data/label_pool.hpp>
#include <al_mpi/data/pool.hpp>

namespace al_mpi {

// A campaign is a folder: who asks what of whom is read from it, and nothing else is remembered.
//
//   campaign.json        the pool, and the tiles whose answers are only measured on
//   answers/0001.json    what one `tell` took, never changed afterwards
//   round_01/round.json  what was asked, and the state of the network that asked it
//
// Everything else beside round.json is made from it. Each file is written whole or not at all, so
// that a killed command is simply given again.

/// A tile that a round asks about.
struct Question {
  std::int64_t index = 0;  ///< into the pool
  bool held_out = false;   ///< its answer is measured on, never trained on
  double score = 0;        ///< acquisition score, higher = asked first
  std::string suggested;   ///< the network's class; empty without a network, and where held out
  double probability = 0;  ///< of that class
};

/// A round: what is asked, and what the network was that chose it.
struct CampaignRound {
  int round = 0;
  bool trained = false;  ///< else it is an initial set
  std::string answers;   ///< CampaignAnswers::hash() that it was made from
  std::string settings;  ///< fingerprint of the settings
  std::string strategy;  ///< or the initial set
  std::vector<std::string> classes;
  std::int64_t n_labeled = 0, n_tested = 0;
  std::map<std::string, double> metrics;
  std::vector<std::int64_t> confusion;  ///< [K, K] true x predicted over the held-out answers
  std::string weights_hash;
  std::vector<Question> questions;
};

/// What is known of each tile after all that was told.
struct CampaignAnswers {
  std::vector<std::string> classes;  ///< the pool's, then new ones as they came
  std::vector<std::int64_t> labels;  ///< [pool size] -1 = none
  std::vector<bool> skipped;         ///< [pool size] nobody could decide it
  Indices disputed;                  ///< as many for one class as for another
  std::map<std::string, std::map<std::int64_t, std::int64_t>>
      by_annotator;  ///< name -> tile -> class, -1 = skipped
  std::string hash() const;
  /// Whether nothing is known of a tile: it has no class, and was not skipped.
  bool is_open(std::int64_t index) const {
    const auto at = static_cast<std::size_t>(index);
    return labels[at] < 0 && !skipped[at];
  }
};

/// A campaign's folder, in use by this process alone while the object lives.
class Campaign {
 public:
  /// Throws DataError: no campaign there, a damaged file, another pool than at its beginning, in
  /// use by another process.
  explicit Campaign(const std::string& folder);
  /// The same; begins one where there is none. `held_out` tiles are drawn as training.validation
  /// labels are in a sweep.
  Campaign(const std::string& folder, const std::string& pool, std::int64_t seed,
           std::int64_t held_out);
  ~Campaign();
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;

  const std::string& folder() const { return folder_; }
  const std::string& pool_path() const { return pool_path_; }
  const std::shared_ptr<const Dataset>& pool() const { return pool_.dataset; }
  const std::vector<std::optional<Footprint>>& footprints() const { return pool_.footprints; }
  const Indices& held_out() const { return held_out_; }
  const std::vector<CampaignRound>& rounds() const { return rounds_; }
  const CampaignAnswers& answers() const { return answers_; }
  std::string round_folder(int round) const;
  const std::string& name_of(std::int64_t index) const;
  const std::map<std::string, std::int64_t>& index_of() const { return index_of_; }  ///< by name
  /// Tiles that any round asked about.
  std::set<std::int64_t> asked() const;
  /// How many questions of the last round are open.
  std::int64_t n_open() const;

  /// Keeps a new round, durably.
  void add(const CampaignRound& round);
  /// Keeps answers (tile -> class of classes() and `new_classes`, -1 = skipped), durably.
  void add(const std::map<std::string, std::map<std::int64_t, std::int64_t>>& by_annotator,
           const std::vector<std::string>& new_classes, const std::string& source);

 private:
  void lock();
  void open_pool(const std::string& path, const std::string& fingerprint);
  void read();
  void read_rounds();
  void read_answers_told();
  void settle();

  std::string folder_, pool_path_;
  int lock_ = -1;
  LabelPool pool_;
  std::map<std::string, std::int64_t> index_of_;
  Indices held_out_;
  std::vector<CampaignRound> rounds_;
  CampaignAnswers answers_;
  int n_told_ = 0;
};

/// `al_trial tell`.
struct TellRequest {
  std::string answers;                   ///< file, never changed
  std::string annotator;                 ///< who gave answers that name nobody
  bool accept = false;                   ///< an annotator's new answer replaces an earlier one
  std::vector<std::string> new_classes;  ///< that may be added
};

/// How two annotators agree on the tiles that both gave a class.
struct Agreement {
  std::string a, b;
  std::int64_t n = 0, n_equal = 0;
  double kappa = 0;  ///< Cohen's; NaN where chance alone would agree always
};
std::vector<Agreement> agreements(const CampaignAnswers& answers);

struct TellSummary {
  std::int64_t n_new = 0, n_changed = 0, n_same = 0, n_skipped = 0;  ///< answers of the file
  std::int64_t n_not_asked = 0;  ///< answers about tiles that no round asked about
  std::int64_t n_open = 0;       ///< questions of the last round without an answer
};

/// Takes a file of answers. Whatever is wrong is all told before anything is kept: `list` gets a
/// line for each contradiction. Throws DataError: tiles that the pool does not have, classes that
/// the campaign does not have and `new_classes` does not name, contradictions without `accept`.
TellSummary tell(Campaign& campaign, const TellRequest& request,
                 const std::function<void(const std::string&)>& list);

}  // namespace al_mpi
