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
  SweepConfig& config = sweep.config;
  config = load_config(arguments.config, arguments.overrides);
  check_inputs(config);
  settle_device(config.farm);
  Provenance& about = sweep.provenance;
  // Where an own engine has data of its own, their task is all that is known of them.
  about.task = name_of(config.dataset.synthetic.task);
  if (config.farm.engine.command.empty() || !config.dataset.path.empty()) {
    const auto dataset = load_dataset(config.dataset.path, config.dataset.synthetic);
    about.task = name_of(dataset->task);
    check_against_dataset(config, dataset->train().n, dataset->n_classes(), about.task);
    about.dataset_fingerprint = dataset->fingerprint();
    about.class_names = dataset->classes;
    about.class_counts = n_of_each_class(dataset->train(), dataset->n_classes());
  }
  const std::string& file = config.results.file;
  if (const auto stored = ResultsStore::stored_provenance(file)) {
    check_same_programs(stored->versions, config, file);
    check_same_settings(stored->config_yaml, config, file);
  }
  sweep.grid = expand(config);
  about.config_yaml = to_yaml(config);
  about.settings_fingerprint = settings_fingerprint(config);
  about.versions = {{"al_mpi", version},      {"git", git_description},
                    {"compiler", compiler},   {"libtorch", libtorch_version},
                    {"hdf5", hdf5_version()}, {"mpi", arguments.mpi_library}};
  for (const auto& program : program_versions(config)) about.versions.push_back(program);
  return sweep;
}

}  // namespace al_mpi
