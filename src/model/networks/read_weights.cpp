#include <cstring>
#include <map>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/isfinite.h>
#include <torch/csrc/jit/serialization/import.h>

#include "pretrained.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/safetensors.hpp>
#include <al_mpi/io/torch_file.hpp>
#include <al_mpi/io/zip_file.hpp>

namespace al_mpi {
namespace {

NamedTensors of_module(const torch::jit::Module& module) {
  NamedTensors out;
  for (const auto& item : module.named_parameters()) out.emplace(item.name, item.value);
  for (const auto& item : module.named_buffers()) out.emplace(item.name, item.value);
  return out;
}

NamedTensors of_script(const std::string& path, const ZipFile& zip) {
  for (const auto& [name, record] : zip.records()) {
    if (record.plain) zip.at(name);  // LibTorch compares no checksums
  }
  try {
    return of_module(torch::jit::load(path, c10::Device(c10::DeviceType::CPU)));
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    throw DataError(path, "",
                    fmt::format("is a damaged TorchScript module (LibTorch: {})",
                                reason.substr(0, reason.find('\n'))));
  }
}

at::Tensor copy_of(const std::string& path, const std::string& name, const StoredArray& array) {
  static const std::map<std::string, at::ScalarType> types = {
      {"float64", at::kDouble},    {"float32", at::kFloat}, {"float16", at::kHalf},
      {"bfloat16", at::kBFloat16}, {"int64", at::kLong},    {"int32", at::kInt},
      {"int16", at::kShort},       {"int8", at::kChar},     {"uint8", at::kByte},
      {"bool", at::kBool}};
  const auto type = types.find(array.dtype);
  if (type == types.end()) throw DataError(path, name, "has the unknown type " + array.dtype);
  return at::from_blob(const_cast<void*>(array.data), array.shape, array.strides, type->second)
      .clone();
}

/// Where trainers put the state dict in what they save, as TorchFile names it.
const std::vector<std::string> places = {"",         "state_dict/", "model_state_dict/",
                                         "model/",   "net/",        "network/",
                                         "encoder/", "backbone/",   "module/"};

NamedTensors of_state_dict(const std::string& path) {
  const TorchFile file(path);
  for (const std::string& place : places) {
    NamedTensors out;
    for (const auto& [name, array] : file.tensors) {
      if (name.size() <= place.size() || name.compare(0, place.size(), place) != 0) continue;
      std::string own = name.substr(place.size());
      if (own.find('/') != std::string::npos) continue;
      if (own.rfind("module.", 0) == 0) own = own.substr(7);  // DataParallel
      out.emplace(own, copy_of(path, name, array));
    }
    if (!out.empty()) return out;
  }
  throw DataError(path, "", "holds no state dict (torch.save(net.state_dict(), file))");
}

NamedTensors of_safetensors(const std::string& path) {
  static const std::map<std::string, at::ScalarType> types = {
      {"F64", at::kDouble},    {"F32", at::kFloat}, {"F16", at::kHalf},
      {"BF16", at::kBFloat16}, {"I64", at::kLong},  {"I32", at::kInt}};
  const SafetensorsFile file(path);
  NamedTensors out;
  for (const auto& [name, stored] : file.tensors) {
    const auto type = types.find(stored.dtype);
    if (type == types.end()) throw DataError(path, name, "has the unknown type " + stored.dtype);
    const std::int64_t size = bounded_size(stored.shape);
    const auto width = static_cast<std::int64_t>(c10::elementSize(type->second));
    if (size < 0 || size * width != stored.bytes) {
      throw DataError(path, name, "has another size than its shape says");
    }
    const at::Tensor tensor = at::empty(stored.shape, type->second);
    std::memcpy(tensor.data_ptr(), stored.data, tensor.nbytes());
    out.emplace(name, tensor);
  }
  return out;
}

NamedTensors of_any(const std::string& path) {
  // Both of PyTorch's formats are zip files; only a TorchScript one holds constants.
  if (TorchFile::is_legacy(path)) return of_state_dict(path);  // which refuses it
  if (!TorchFile::is_zip(path)) return of_safetensors(path);
  const ZipFile zip(path);
  return zip.has("constants.pkl") ? of_script(path, zip) : of_state_dict(path);
}

}  // namespace

NamedTensors read_weights(const std::string& path) {
  NamedTensors out = of_any(path);
  for (auto& [name, tensor] : out) {
    tensor = tensor.detach().cpu();
    if (tensor.is_floating_point() && !at::isfinite(tensor).all().item<bool>()) {
      throw DataError(path, name, "holds values that are no numbers");
    }
  }
  return out;
}

}  // namespace al_mpi
