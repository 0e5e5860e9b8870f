#include "tools/prepare/embeddings/embed.hpp"

#include <cmath>

#include "catch.hpp"
#include "scratch_folder.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/band_statistics.hpp>
#include <al_mpi/data/dataset_writer.hpp>
#include <al_mpi/data/synthetic.hpp>

using namespace al_mpi;

namespace {

std::string small_file(const ScratchFolder& folder) {
  SyntheticOptions options;
  options.n_train = 12;
  options.n_test = 6;
  options.n_bands = 4;
  options.tile = 8;
  write_dataset(folder.file("a.h5"), *make_synthetic(options));
  return folder.file("a.h5");
}

}  // namespace

TEST_CASE("band statistics are stored for every split") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  embed_bands({path, "bands"});
  const auto dataset = Dataset::open(path);
  const MatrixView view = dataset->test().embeddings.at("bands");
  CHECK(view.n == 6);
  CHECK(view.dim == 4 * statistics_a_band);
  CHECK(std::vector<float>(view.data, view.data + view.n * view.dim) ==
        band_statistics(*dataset, "test"));
}

TEST_CASE("rows have norm 1 on request") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  embed_bands({path, "unit", true});
  const auto dataset = Dataset::open(path);
  const MatrixView view = dataset->train().embeddings.at("unit");
  double squares = 0;
  for (std::int64_t d = 0; d < view.dim; ++d) squares += std::pow(view.data[view.dim + d], 2);
  CHECK(squares == Approx(1.0));
}

TEST_CASE("taken and impossible names are refused") {
  const ScratchFolder folder;
  const auto path = small_file(folder);
  embed_bands({path, "bands"});
  CHECK_THROWS_WITH(embed_bands({path, "bands"}), Contains("has an embedding 'bands' already"));
  CHECK_NOTHROW(embed_bands({path, "bands", false, true}));
  CHECK_THROWS_WITH(embed_bands({path, "a/b"}), Contains("cannot name an embedding"));
  CHECK_THROWS_AS(embed_bands({folder.file("no.h5"), "bands"}), DataError);
}
