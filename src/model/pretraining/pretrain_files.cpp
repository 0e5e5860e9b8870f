#include <sstream>

#include <ATen/Parallel.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/serialize/archive.h>

#include "pretraining.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/atomic_file.hpp>

namespace al_mpi {
namespace {

/// What a checkpoint must agree in.
std::string settings_of(const PretrainOptions& o, const Dataset& dataset) {
  return fmt::format(
      "{} {} epochs {} batch {} lr {} decay {} warmup {} temperature {} queue {} momentum {} "
      "projection {} seed {} {} threads {} dataset {}",
      name_of(o.method), o.network, o.epochs, o.batch_size, o.learning_rate, o.weight_decay,
      o.warmup, o.temperature, o.queue, o.key_momentum, o.projection, o.seed, name_of(o.precision),
      at::get_num_threads(), dataset.fingerprint());
}

const c10::Device cpu(c10::DeviceType::CPU);

/// The archive that torch::save writes, as bytes. Its tensors are the CPU's: a machine without
/// `device` can read it, too.
std::string bytes_of(torch::serialize::OutputArchive& archive, const c10::Device& device) {
  std::stringstream out;
  archive.save_to(out);
  if (device.is_cpu()) return out.str();
  std::ostringstream moved;
  torch::jit::load(out, cpu).save(moved);
  return moved.str();
}

void write_module(torch::serialize::OutputArchive& archive, const std::string& key,
                  const torch::nn::Module& module) {
  torch::serialize::OutputArchive part(archive.compilation_unit());
  module.save(part);
  archive.write(key, part);
}

void read_module(torch::serialize::InputArchive& archive, const std::string& key,
                 torch::nn::Module& module) {
  torch::serialize::InputArchive part;
  archive.read(key, part);
  module.load(part);
}

}  // namespace

std::string Pretraining::checkpoint() const {
  torch::serialize::OutputArchive archive;
  archive.write("settings", c10::IValue(settings_of(impl_->options, *impl_->dataset)));
  archive.write("epoch", c10::IValue(impl_->epoch));
  archive.write("steps", c10::IValue(impl_->n_steps));
  write_module(archive, "encoder", *impl_->query.encoder);
  write_module(archive, "head", *impl_->query.head);
  if (impl_->moco()) {
    write_module(archive, "key_encoder", *impl_->key.encoder);
    write_module(archive, "key_head", *impl_->key.head);
    archive.write("queue", impl_->queue.rows(), /*is_buffer=*/true);
  }
  torch::serialize::OutputArchive optimizer(archive.compilation_unit());
  impl_->optimizer->save(optimizer);
  archive.write("optimizer", optimizer);
  return bytes_of(archive, impl_->device);
}

void Pretraining::load_checkpoint(const std::string& bytes) {
  try {
    std::istringstream in(bytes);
    torch::serialize::InputArchive archive;
    archive.load_from(in, impl_->device);
    c10::IValue settings, epoch, steps;
    archive.read("settings", settings);
    archive.read("epoch", epoch);
    archive.read("steps", steps);
    const std::string wanted = settings_of(impl_->options, *impl_->dataset);
    if (settings.toStringRef() != wanted) {
      throw DataError(
          "checkpoint", "",
          fmt::format("is of other settings ('{}' instead of '{}'; --force starts anew)",
                      settings.toStringRef(), wanted));
    }
    read_module(archive, "encoder", *impl_->query.encoder);
    read_module(archive, "head", *impl_->query.head);
    if (impl_->moco()) {
      read_module(archive, "key_encoder", *impl_->key.encoder);
      read_module(archive, "key_head", *impl_->key.head);
      at::Tensor rows;
      archive.read("queue", rows, /*is_buffer=*/true);
      impl_->queue = KeyQueue(rows);
    }
    torch::serialize::InputArchive optimizer;
    archive.read("optimizer", optimizer);
    impl_->optimizer->load(optimizer);
    impl_->query.to(impl_->device);  // the file's order of memory is that of its writer
    impl_->key.to(impl_->device);
    impl_->epoch = epoch.toInt();
    impl_->n_steps = steps.toInt();
  } catch (const c10::Error&) {
    throw DataError("checkpoint", "", "is damaged (--force starts anew)");
  }
}

void Pretraining::save_encoder(const std::string& path) const {
  torch::serialize::OutputArchive archive;
  archive.write("al_mpi_encoder", c10::IValue(impl_->options.network));
  archive.write("al_mpi_method", c10::IValue(name_of(impl_->options.method)));
  archive.write("al_mpi_epochs", c10::IValue(impl_->epoch));
  archive.write("al_mpi_bands",
                c10::IValue(fmt::format("{}", fmt::join(impl_->dataset->bands, "\n"))));
  for (const auto& child : impl_->query.encoder->named_children()) {
    if (child.key() != "fc") write_module(archive, child.key(), *child.value());
  }
  write_file_atomically(path, bytes_of(archive, impl_->device));
}

EncoderDescription describe_encoder(const std::string& path) {
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(path, cpu);
    c10::IValue network, method, bands, epochs;
    archive.read("al_mpi_encoder", network);
    archive.read("al_mpi_method", method);
    archive.read("al_mpi_epochs", epochs);
    archive.read("al_mpi_bands", bands);
    EncoderDescription out{network.toStringRef(), method.toStringRef(), {}, epochs.toInt()};
    std::istringstream lines(bands.toStringRef());
    for (std::string band; std::getline(lines, band);) out.bands.push_back(band);
    return out;
  } catch (const c10::Error&) {
    throw DataError(path, "", "is no encoder of al_prepare pretrain");
  }
}

}  // namespace al_mpi
