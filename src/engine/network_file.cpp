#include <al_mpi/engine/network_file.hpp>

#include <fmt/format.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/sealed_file.hpp>

namespace al_mpi {
namespace {

using nlohmann::json;

constexpr const char* magic = "al_mpi network 1";

template <class Enum>
void read_name(const json& header, const char* field, Enum& value) {
  const auto name = header.at(field).get<std::string>();
  const auto found = find_enum<Enum>(name);
  if (!found) throw DataError("network", field, fmt::format("unknown '{}'", name));
  value = *found;
}

TrainedNetwork parse(const SealedFile& file) {
  const json& header = file.header;
  TrainedNetwork network;
  network.model.name = header.at("name").get<std::string>();
  network.model.dropout = header.at("dropout").get<double>();
  network.model.torchscript = header.at("torchscript").get<std::string>();
  read_name(header, "precision", network.precision);
  read_name(header, "task", network.task);
  network.classes = header.at("classes").get<std::vector<std::string>>();
  network.ignore_label = header.at("ignore_label").get<std::int64_t>();
  network.bands = header.at("bands").get<std::vector<std::string>>();
  read_name(header, "pixel_type", network.pixel_type);
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
  write_sealed_file(path, magic,
                    {{{"name", network.model.name},
                      {"dropout", network.model.dropout},
                      {"torchscript", network.model.torchscript},
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
    return parse(file);
  } catch (const json::exception& error) {
    throw DataError(path, "", fmt::format("holds other fields than expected ({})", error.what()));
  }
}

}  // namespace al_mpi
