#include <cmath>
#include <filesystem>
#include <fstream>

#include <ATen/core/Tensor.h>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include "tools/prepare/embeddings/embed.hpp"
#include "tools/prepare/embeddings/partial_rows.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/synthetic.hpp>

using namespace al_mpi;

namespace {

std::string small_file(const ScratchFolder& folder) {
  SyntheticOptions options;
  options.n_train = 20;
  options.n_test = 9;
  options.n_bands = 4;
  options.tile = 16;
  write_dataset(folder.file("a.h5"), *make_synthetic(options));
  return folder.file("a.h5");
}

EncoderSource small_cnn() {
  EncoderSource source;
  source.network = "small_cnn";
  return source;
}

EmbedOptions with_workers(int workers) {
  EmbedOptions options;
  options.workers = workers;
  options.batch_size = 4;
  return options;
}

std::vector<float> stored(const std::string& path, const std::string& split,
                          const std::string& name) {
  const auto dataset = Dataset::open(path);
  const MatrixView view = dataset->splits.at(split).embeddings.at(name);
  return {view.data, view.data + view.n * view.dim};
}

}  // namespace

TEST_CASE("features of a network are stored for every split, whatever the number of workers") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  embed_network({path, "one"}, small_cnn(), with_workers(1));
  embed_network({path, "three"}, small_cnn(), with_workers(3));
  for (const char* split : {"train", "test"}) {
    CHECK(stored(path, split, "one") == stored(path, split, "three"));
  }
  CHECK(stored(path, "train", "one").size() == 20 * 64);
  CHECK(stored(path, "test", "one").size() == 9 * 64);
  CHECK(folder.n_entries() == 1);  // nothing is left beside the dataset
}

TEST_CASE("rows of a network have norm 1 on request") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  embed_network({path, "unit", true}, small_cnn(), with_workers(2));
  const auto rows = stored(path, "test", "unit");
  double squares = 0;
  for (std::size_t d = 64; d < 128; ++d) squares += std::pow(rows[d], 2);
  CHECK(squares == Approx(1.0));
}

TEST_CASE("an embedding that was interrupted goes on and gives the same rows") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  embed_network({path, "whole"}, small_cnn(), with_workers(1));
  // The rows of a killed run: an impossible value shows that they are taken, not computed again.
  const std::string part = path + ".part.part";
  {
    const auto rows = stored(path, "train", "whole");
    std::vector<float> batch(rows.begin() + 4 * 64, rows.begin() + 8 * 64);
    batch[0] = 1234.5f;
    embed_network({path, "part"}, small_cnn(), with_workers(1));  // to know its settings' line
    std::filesystem::remove(part);
    EncoderSource source = small_cnn();
    const std::string settings =
        fmt::format("al_mpi rows {} random  small_cnn inflate  1 cpu fp32 4",
                    Dataset::open(path)->fingerprint());
    PartialRows(part, settings).add("train", 4, batch);
    std::ofstream(part, std::ios::binary | std::ios::app) << "train 8 1024 torn";
  }
  embed_network({path, "part", false, true}, small_cnn(), with_workers(2));
  auto expected = stored(path, "train", "whole");
  expected[4 * 64] = 1234.5f;
  CHECK(stored(path, "train", "part") == expected);
  CHECK_FALSE(std::filesystem::exists(part));
}

TEST_CASE("partial rows of other settings, and damaged ones, are dropped") {
  const ScratchFolder folder;
  const std::string path = folder.file("rows.part");
  PartialRows(path, "one").add("train", 0, {1, 2, 3});
  {
    PartialRows again(path, "one");
    CHECK(again.rows("train", 0) == std::vector<float>{1, 2, 3});
    again.add("test", 64, {4});
  }
  std::string bytes = folder.contents("rows.part");
  bytes[bytes.size() - 1] ^= 1;  // within the last record's values
  std::ofstream(path, std::ios::binary) << bytes;
  {
    PartialRows damaged(path, "one");
    CHECK(damaged.has("train", 0));
    CHECK_FALSE(damaged.has("test", 64));
    damaged.add("test", 64, {5});
  }
  CHECK(PartialRows(path, "one").rows("test", 64) == std::vector<float>{5});
  CHECK(PartialRows(path, "other").size() == 0);
  CHECK_THROWS_AS(PartialRows(folder.file("no/rows.part"), "one"), DataError);
}

TEST_CASE("an encoder of pretrain embeds datasets of its bands only") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  PretrainOptions options;
  options.epochs = 1;
  options.batch_size = 10;
  Pretraining training(Dataset::open(path), options);
  training.run_epoch();
  training.save_encoder(folder.file("encoder.pt"));
  EncoderSource source;
  source.kind = EncoderKind::contrastive;
  source.file = folder.file("encoder.pt");
  embed_network({path, "simclr"}, source, with_workers(1));
  CHECK(stored(path, "train", "simclr").size() == 20 * 512);
  CHECK(embedding_quality(path, "simclr").knn > 0);

  SyntheticOptions other;
  other.n_train = other.n_test = 12;
  other.n_bands = 3;
  other.tile = 16;
  write_dataset(folder.file("b.h5"), *make_synthetic(other));
  CHECK_THROWS_WITH(embed_network({folder.file("b.h5"), "simclr"}, source, with_workers(1)),
                    Contains("encoder of the bands B1 B2 B3 B4"));
}

TEST_CASE("networks and files that give no features are refused before anything is written") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  const std::string before = folder.contents("a.h5");
  EncoderSource probe;
  probe.network = "linear_probe";
  CHECK_THROWS_WITH(embed_network({path, "x"}, probe, {}), Contains("takes no images"));
  EncoderSource file;
  file.file = folder.file("text.pt");
  std::ofstream(file.file) << "neither weights nor a module";
  for (const EncoderKind kind :
       {EncoderKind::weights, EncoderKind::contrastive, EncoderKind::torchscript}) {
    file.kind = kind;
    CHECK_THROWS_WITH(embed_network({path, "x"}, file, {}), Contains("text.pt"));
  }
  embed_network({path, "taken"}, small_cnn(), {});
  CHECK_THROWS_WITH(embed_network({path, "taken"}, small_cnn(), {}), Contains("already"));
  CHECK(before.size() <= folder.contents("a.h5").size());
  CHECK(folder.n_entries() == 2);  // the dataset and the text
}
