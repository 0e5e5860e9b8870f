#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/io/hdf5.hpp>
#include <al_mpi/sweep/sweep.hpp>
#include <al_mpi/sweep/workplace.hpp>
#include <al_mpi/version.hpp>

namespace al_mpi {
namespace {

/// Samples of each class in a split; empty for segmentation.
std::vector<std::int64_t> n_of_each_class(const Split& split, std::int64_t n_classes) {
  if (split.labels.empty()) return {};
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n_classes), 0);
  for (const std::int64_t label : split.labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

}  // namespace

Sweep prepare_sweep(const SweepArguments& arguments) {
  Sweep sweep;
  sweep.config = load_config(arguments.config, arguments.overrides);
  check_inputs(sweep.config);
  settle_device(sweep.config.farm);
  const DatasetOptions& from = sweep.config.dataset;
  const auto dataset = load_dataset(from.path, from.synthetic);
  check_against_dataset(sweep.config, dataset->train().n, dataset->n_classes(),
                        name_of(dataset->task));
  const std::string& file = sweep.config.results.file;
  const std::string stored = ResultsStore::stored_config(file);
  if (!stored.empty()) check_same_settings(stored, sweep.config, file);
  sweep.grid = expand(sweep.config);
  sweep.provenance = {to_yaml(sweep.config),
                      settings_fingerprint(sweep.config),
                      dataset->fingerprint(),
                      name_of(dataset->task),
                      dataset->classes,
                      n_of_each_class(dataset->train(), dataset->n_classes()),
                      {{"al_mpi", version},
                       {"git", git_description},
                       {"compiler", compiler},
                       {"libtorch", libtorch_version},
                       {"hdf5", hdf5_version()},
                       {"mpi", arguments.mpi_library}}};
  return sweep;
}

}  // namespace al_mpi
