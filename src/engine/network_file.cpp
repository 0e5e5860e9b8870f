#include <al_mpi/engine/network_file.hpp>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/sealed_file.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr const char* magic = "al_mpi network 1";

TrainedNetwork parse(const SealedFile& file, const std::string& path) {
  const json& header = file.header;
  TrainedNetwork network;
  const auto read_name = [&](const char* field, auto& value) {
    const auto name = header.at(field).get<std::string>();
    const auto found = find_enum<std::decay_t<decltype(value)>>(name);
    if (!found) throw DataError(path, field, fmt::format("unknown value '{}'", name));
    value = *found;
  };
  network.model.name = header.at("name").get<std::string>();
  network.model.dropout = header.at("dropout").get<double>();
  network.model.torchscript = header.at("torchscript").get<std::string>();
  read_name("precision", network.precision);
  read_name("task", network.task);
  network.classes = header.at("classes").get<std::vector<std::string>>();
  network.ignore_label = header.at("ignore_label").get<std::int64_t>();
  network.bands = header.at("bands").get<std::vector<std::string>>();
  read_name("pixel_type", network.pixel_type);
  network.mean = header.at("mean").get<std::vector<float>>();
  network.std_dev = header.at("std").get<std::vector<float>>();
  network.height = header.at("height").get<std::int64_t>();
  network.width = header.at("width").get<std::int64_t>();
  // Files of earlier versions say nothing of these.
  network.sensor = header.value("sensor", std::string());
  network.scale = header.value("scale", std::vector<double>());
  network.offset = header.value("offset", std::vector<double>());
  network.pixel_size = header.value("pixel_size", 0.0);
  network.state = file.bytes;
  return network;
}

}  // namespace

void save_network(const std::string& path, const TrainedNetwork& network) {
  // One more field of ModelOptions does not compile here: who adds it decides whether a network of
  // another value has another shape, and then stores it here and reads it above.
  const auto& [name, dropout, pretrained, first_conv, freeze, torchscript] = network.model;
  write_sealed_file(path, magic,
                    {{{"name", name},
                      {"dropout", dropout},
                      {"torchscript", torchscript},
                      {"precision", name_of(network.precision)},
                      {"task", name_of(network.task)},
                      {"classes", network.classes},
                      {"ignore_label", network.ignore_label},
                      {"bands", network.bands},
                      {"pixel_type", name_of(network.pixel_type)},
                      {"mean", network.mean},
                      {"std", network.std_dev},
                      {"sensor", network.sensor},
                      {"scale", network.scale},
                      {"offset", network.offset},
                      {"pixel_size", network.pixel_size},
                      {"height", network.height},
                      {"width", network.width}},
                     network.state});
}

TrainedNetwork load_network(const std::string& path) {
  const SealedFile file = read_sealed_file(path, magic, "trained network");
  try {
    return parse(file, path);
  } catch (const json::exception& error) {
    throw DataError(path, "", fmt::format("holds other fields than expected ({})", error.what()));
  }
}

}  // namespace al_mpi
