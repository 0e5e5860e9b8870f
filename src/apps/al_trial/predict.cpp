#include "apps/al_trial/predict.hpp"

#include <thread>

#include "apps/choice.hpp"
#include <al_mpi/base/output_file.hpp>
#include <al_mpi/engine/network_file.hpp>
#include <al_mpi/model/device.hpp>
#include <al_mpi/model/process.hpp>

namespace al_mpi {
namespace {

void print_summary(const SceneSummary& summary, const std::string& path) {
  fmt::print("{}: {} x {} pixels\n", path, summary.height, summary.width);
  const auto total = static_cast<double>(summary.height * summary.width);
  const auto print_share = [&](const std::string& name, std::int64_t count) {
    fmt::print("{:<24}{:>6.2f} %\n", name, 100.0 * static_cast<double>(count) / total);
  };
  for (std::size_t k = 0; k < summary.counts.size(); ++k) {
    if (summary.counts[k] > 0) {
      print_share(fmt::format("{} {}", k, summary.legend.names[k]), summary.counts[k]);
    }
  }
  if (summary.n_no_data > 0) {
    print_share(fmt::format("{} (no data)", summary.legend.no_data), summary.n_no_data);
  }
}

}  // namespace

CLI::App* add_predict_command(CLI::App& app, PredictOptions& options) {
  CLI::App* command = app.add_subcommand(
      "predict", "Applies a trial's final network to a GeoTIFF: a map of classes");
  command
      ->add_option("--checkpoint,--network", options.network,
                   "The network: of --save-network, or of results.networks")
      ->required();
  command->add_option("--image", options.scene.image, "Scene of any size (GeoTIFF)")->required();
  command->add_option("--output", options.scene.output, "Map to write (GeoTIFF)")->required();
  command->add_option("--quicklook", options.scene.picture, "Picture of it to write (PNG)");
  command
      ->add_option("--window", options.scene.window,
                   "Pixels seen at once, squared (default: as in training)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--stride", options.scene.stride,
                   "Pixels from window to window (default: half a window; classification: a whole "
                   "one, and one pixel of the map each)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--bands", options.scene.bands.bands,
                   "Bands of the image in the network's order: NAME, POSITION or POSITION=NAME, "
                   "comma-separated (default: by their names)")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_choice(*command, "--values", options.scene.bands.values,
             "stored: the image's numbers as they are; physical: its scale and offset applied "
             "(default: brought to the scale of the training images where both declare one)");
  command->add_option("--device", options.device, "auto, cpu, cuda, cuda:N")->capture_default_str();
  command->add_option("--threads", options.threads, "CPU threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  command->add_flag("--force", options.force, "Replace existing files");
  return command;
}

ExitCode run_predict(const PredictOptions& options) {
  SceneRequest scene = options.scene;
  scene.tell = [](const std::string& what) { fmt::print(stderr, "note: {}\n", what); };
  for (const auto& [name, path] : {std::pair<const char*, std::string>{"--output", scene.output},
                                   {"--quicklook", scene.picture}}) {
    if (!path.empty()) refuse_to_overwrite(path, options.force, name);
  }
  const TrainedNetwork network = load_network(options.network);
  tune_process(options.threads > 0 ? options.threads
                                   : static_cast<int>(std::thread::hardware_concurrency()));
  print_summary(predict_scene(network, available_device(options.device), scene), scene.output);
  return ExitCode::ok;
}

}  // namespace al_mpi
