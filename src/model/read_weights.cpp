#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>

#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/io/safetensors.hpp>
#include <al_mpi/model/pretrained.hpp>

namespace al_mpi {
namespace {

std::string first_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(4, '\0');
  if (!file.read(bytes.data(), 4)) throw DataError(path, "", "cannot be read (missing or empty)");
  return bytes;
}

NamedTensors of_module(const torch::jit::Module& module) {
  NamedTensors out;
  for (const auto& item : module.named_parameters()) out.emplace(item.name, item.value);
  for (const auto& item : module.named_buffers()) out.emplace(item.name, item.value);
  return out;
}

NamedTensors of_dict(const std::string& path, const c10::IValue& value) {
  if (!value.isGenericDict())
    throw DataError(path, "", "holds no state dict (torch.save(net.state_dict()))");
  NamedTensors out;
  for (const auto& item : value.toGenericDict()) {
    if (!item.key().isString()) continue;
    const std::string& name = item.key().toStringRef();
    if (name == "state_dict" && item.value().isGenericDict()) return of_dict(path, item.value());
    const std::string plain =
        name.rfind("module.", 0) == 0 ? name.substr(7) : name;  // DataParallel
    if (item.value().isTensor()) out.emplace(plain, item.value().toTensor());
  }
  return out;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// LibTorch's unpickler makes None of every OrderedDict (it knows them as the unused hooks of
/// tensors) and does not know the opcode that sets an attribute. A state dict is an OrderedDict
/// with the attribute
/// "_metadata": its pickle is made into that of a plain dict without it.
std::string as_plain_dict(std::string pickle) {
  using namespace std::string_literals;
  const std::string start =
      "\x80\x02"
      "ccollections\nOrderedDict\nq\0)Rq\1"s;
  if (pickle.compare(0, start.size(), start) != 0) return pickle;
  pickle.replace(0, start.size(), "\x80\x02}q\0q\1"s);  // an empty dict under the same memo numbers
  replace_all(pickle, "h\0)R"s, "N"s);                  // tensors' hooks: OrderedDict() to None
  std::size_t end = pickle.rfind("X\x09\0\0\0_metadata"s);
  if (end == std::string::npos) return pickle;
  // Before it stands the attributes' dict with its memo number of one byte or four: "}q#" or
  // "}r####".
  end -= pickle[end - 6] == '}' && pickle[end - 5] == 'r' ? 6 : 3;
  return pickle.substr(0, end) + '.';
}

c10::IValue unpickled(caffe2::serialize::PyTorchStreamReader& archive) {
  const auto [bytes, size] = archive.getRecord("data.pkl");
  const std::string pickle = as_plain_dict({static_cast<const char*>(bytes.get()), size});
  std::size_t position = 0;
  const auto read = [&](char* out, std::size_t n) {
    n = std::min(n, pickle.size() - position);
    std::memcpy(out, pickle.data() + position, n);
    position += n;
    return n;
  };
  const auto read_record = [&](const std::string& name) {
    return std::get<0>(archive.getRecord("data/" + name));
  };
  return torch::jit::Unpickler(read, nullptr, nullptr, read_record, at::Device(at::kCPU))
      .parse_ivalue();
}

/// Both of PyTorch's formats are zip files; only a TorchScript one holds constants.
NamedTensors of_zip(const std::string& path) {
  caffe2::serialize::PyTorchStreamReader reader(path);
  if (reader.hasRecord("constants.pkl")) return of_module(torch::jit::load(path));
  return of_dict(path, unpickled(reader));
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
    const at::Tensor tensor = at::empty(stored.shape, type->second);
    if (tensor.nbytes() != static_cast<std::size_t>(stored.bytes)) {
      throw DataError(path, name, "has another size than its shape says");
    }
    std::memcpy(tensor.data_ptr(), stored.data, tensor.nbytes());
    out.emplace(name, tensor);
  }
  return out;
}

NamedTensors of_any(const std::string& path) {
  const std::string start = first_bytes(path);
  if (start == "PK\x03\x04") {
    try {
      return of_zip(path);
    } catch (const c10::Error& error) {
      const std::string reason = error.what_without_backtrace();
      throw DataError(path, "",
                      fmt::format("is damaged, or holds more than tensors (LibTorch: {})",
                                  reason.substr(0, reason.find('\n'))));
    }
  }
  if (start[0] == '\x80') {
    throw DataError(path, "",
                    "is in the legacy format of torch.save; convert it: python3 -c \"import torch; "
                    "torch.save(torch.load('" +
                        path + "', map_location='cpu'), 'new.pt')\"");
  }
  return of_safetensors(path);
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
