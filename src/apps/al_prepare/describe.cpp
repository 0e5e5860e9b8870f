#include <algorithm>
#include <memory>
#include <numeric>

#include <nlohmann/json.hpp>

#include "apps/al_prepare/commands.hpp"
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/dataset_facts.hpp>
#include <al_mpi/data/label_pool.hpp>
#include <al_mpi/data/sensors.hpp>
#include <al_mpi/io/hdf5.hpp>

namespace al_mpi {
namespace {

using nlohmann::ordered_json;

ordered_json describe_embeddings(const Hdf5File& file, const std::string& split_name,
                                 const Split& split) {
  ordered_json embeddings = ordered_json::object();
  for (const auto& [name, view] : split.embeddings) {
    const std::string path = fmt::format("/{}/embeddings/{}", split_name, name);
    ordered_json made = ordered_json::object();
    for (const auto& attribute : file.attributes(path)) {
      try {
        made[attribute] = file.text_attribute(path, attribute).value_or("");
      } catch (const DataError&) {  // not a text: another program's
        made[attribute] = nullptr;
      }
    }
    embeddings[name] = {{"dim", view.dim}, {"made_from", made}};
  }
  return embeddings;
}

ordered_json describe_costs(const std::vector<double>& costs) {
  const auto [lowest, highest] = std::minmax_element(costs.begin(), costs.end());
  return {{"lowest", *lowest},
          {"highest", *highest},
          {"sum", std::accumulate(costs.begin(), costs.end(), 0.0)}};
}

/// Name, colour, wavelength, unit and numbers of band b.
ordered_json describe_band(const Dataset& dataset, const DatasetFacts& facts, std::size_t b) {
  const Sensor* sensor = find_sensor(dataset.sensor);
  ordered_json band = {{"name", dataset.bands[b]},
                       {"color", band_color(dataset.bands[b], sensor)},
                       {"wavelength_nm", nullptr},
                       {"scale", dataset.scale.empty() ? 1.0 : dataset.scale[b]},
                       {"offset", dataset.offset.empty() ? 0.0 : dataset.offset[b]},
                       {"mean", dataset.mean[b]},
                       {"std", dataset.std_dev[b]}};
  const double wavelength = band_wavelength(dataset.bands[b], sensor);
  if (wavelength > 0) band["wavelength_nm"] = wavelength;
  double lowest = 1e300, highest = -1e300;
  for (const auto& [name, split] : facts.splits) {
    lowest = std::min(lowest, split.lowest[b]);
    highest = std::max(highest, split.highest[b]);
  }
  band["lowest"] = lowest;
  band["highest"] = highest;
  return band;
}

ordered_json describe(const std::string& path) {
  const auto dataset = open_dataset_or_pool(path);
  const auto file = Hdf5File::open(path);
  const DatasetFacts facts = facts_of(*dataset);
  ordered_json all = {{"file", path},
                      {"task", name_of(dataset->task)},
                      {"source", dataset->source},
                      {"licence", dataset->licence},
                      {"fingerprint", dataset->fingerprint()},
                      {"sensor", dataset->sensor},
                      {"pixel_size_m", dataset->pixel_size},
                      {"ignore_label", dataset->ignore_label},
                      {"classes", dataset->classes}};
  for (std::size_t b = 0; b < dataset->bands.size(); ++b) {
    all["bands"].push_back(describe_band(*dataset, facts, b));
  }
  for (const char* name : {"train", "validation", "test"}) {
    if (dataset->splits.count(name) == 0) continue;
    const Split& split = dataset->splits.at(name);
    const SplitFacts& of_split = facts.splits.at(name);
    const auto n_values =
        static_cast<double>(split.n * split.channels * split.height * split.width);
    const auto equal = facts.equal_to_pool.find(name);
    all["splits"][name] = {
        {"n", split.n},
        {"shape", {split.channels, split.height, split.width}},
        {"dtype", name_of(split.pixel_type)},
        {"missing_share", nullptr},
        {"zero_share", of_split.zero_share},
        {"equal_to_pool", equal == facts.equal_to_pool.end() ? 0 : equal->second},
        {"class_counts", of_split.class_counts},
        {"embeddings", describe_embeddings(file, name, split)}};
    const auto distance = facts.to_pool.find(name);
    if (distance != facts.to_pool.end()) {
      all["splits"][name]["km_to_pool"] = {{"least", distance->second.least},
                                           {"median", distance->second.median},
                                           {"n_within_1_km", distance->second.n_within_1_km}};
    }
    if (!split.costs.empty()) all["splits"][name]["costs"] = describe_costs(split.costs);
    if (split.n_missing >= 0) {
      all["splits"][name]["missing_share"] = static_cast<double>(split.n_missing) / n_values;
    }
  }
  all["leaks"] = leak_report(*dataset, facts);
  all["cautions"] = cautions(*dataset, facts);
  return all;
}

void print_splits(const ordered_json& all) {
  for (const auto& [name, split] : all["splits"].items()) {
    const auto shape = split["shape"].get<std::vector<int>>();
    fmt::print("{:<12} {} images, {} x {} x {} {}", name, split["n"].get<std::int64_t>(), shape[0],
               shape[1], shape[2], split["dtype"].get<std::string>());
    if (split["missing_share"].is_number()) {
      fmt::print(", {:.2f} % without data", 100 * split["missing_share"].get<double>());
    }
    if (split.contains("costs")) {
      fmt::print(", labels cost {:g} to {:g}, together {:g}",
                 split["costs"]["lowest"].get<double>(), split["costs"]["highest"].get<double>(),
                 split["costs"]["sum"].get<double>());
    }
    fmt::print("\n");
  }
}

void print_classes(const ordered_json& all) {
  const bool pixels = all["task"] == "segmentation";
  fmt::print("\n{:<24}", pixels ? "class [pixels]" : "class [images]");
  for (const auto& [name, split] : all["splits"].items()) fmt::print("{:>14}", name);
  const auto& classes = all["classes"];
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const bool ignored = all["ignore_label"] == static_cast<std::int64_t>(k);
    fmt::print("\n{:<24}", fmt::format("{} {}{}", k, classes[k].get<std::string>(),
                                       ignored ? " (ignored)" : ""));
    for (const auto& [name, split] : all["splits"].items()) {
      fmt::print("{:>14}", split["class_counts"][k].get<std::int64_t>());
    }
  }
  fmt::print("\n");
}

void print_bands(const ordered_json& all) {
  fmt::print("\n{:<16}{:>12}{:>8}{:>14}{:>14}{:>14}{:>14}  {}\n", "band", "colour", "nm", "lowest",
             "highest", "mean", "std", "unit");
  for (const auto& band : all["bands"]) {
    const double scale = band["scale"].get<double>(), offset = band["offset"].get<double>();
    const std::string wavelength = band["wavelength_nm"].is_number()
                                       ? fmt::format("{:.0f}", band["wavelength_nm"].get<double>())
                                       : "-";
    const std::string color = band["color"].get<std::string>();
    fmt::print("{:<16}{:>12}{:>8}{:>14.6g}{:>14.6g}{:>14.6g}{:>14.6g}  {}\n",
               band["name"].get<std::string>(), color.empty() ? "-" : color, wavelength,
               band["lowest"].get<double>(), band["highest"].get<double>(),
               band["mean"].get<double>(), band["std"].get<double>(),
               scale == 1 && offset == 0
                   ? "as stored"
                   : fmt::format("value = {:g} x number + {:g}", scale, offset));
  }
}

void print_embeddings(const ordered_json& all) {
  for (const auto& [name, embedding] : all["splits"]["train"]["embeddings"].items()) {
    fmt::print("\nembedding {}: {} numbers an image", name, embedding["dim"].get<std::int64_t>());
    for (const auto& [key, value] : embedding["made_from"].items()) {
      fmt::print("; {} {}", key, value.is_string() ? value.get<std::string>() : "?");
    }
    fmt::print("\n");
  }
}

void print_text(const ordered_json& all) {
  for (const char* key : {"file", "task", "source", "licence", "fingerprint"}) {
    fmt::print("{:<12} {}\n", key, all[key].get<std::string>());
  }
  const Sensor* sensor = find_sensor(all["sensor"].get<std::string>());
  fmt::print("{:<12} {}\n", "bands of", sensor == nullptr ? "no known sensor" : sensor->title);
  const double size = all["pixel_size_m"].get<double>();
  if (size > 0) fmt::print("{:<12} {:.4g} m\n", "pixels of", size);
  print_splits(all);
  for (const auto& line : all["leaks"]) fmt::print("{}\n", line.get<std::string>());
  print_classes(all);
  print_bands(all);
  print_embeddings(all);
  for (const auto& caution : all["cautions"])
    fmt::print("\nnote: {}\n", caution.get<std::string>());
}

}  // namespace

void add_describe(CLI::App& app, Run& run) {
  struct Arguments {
    std::string file;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand("describe", "Shows what a dataset file holds");
  command->add_option("FILE", arguments->file, "dataset file")->required();
  command->add_flag("--json", arguments->json, "for programs");
  command->callback([arguments, &run] {
    run = [arguments] {
      const ordered_json all = describe(arguments->file);
      if (arguments->json) {
        fmt::print("{}\n", all.dump(2, ' ', false, ordered_json::error_handler_t::replace));
      } else {
        print_text(all);
      }
      return ExitCode::ok;
    };
  });
}

}  // namespace al_mpi
