#include <al_mpi/io/torch_file.hpp>

#include <fstream>

#include "pickle.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/io/zip_file.hpp>

namespace al_mpi {
namespace {

std::string first_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(4, '\0');
  if (!file.read(bytes.data(), 4)) throw DataError(path, "", "cannot be read (missing or empty)");
  return bytes;
}

/// torch's names of storages: FloatStorage holds float32.
std::string dtype_of_storage(const std::string& storage) {
  static const std::map<std::string, std::string> names = {
      {"FloatStorage", "float32"},    {"DoubleStorage", "float64"}, {"HalfStorage", "float16"},
      {"LongStorage", "int64"},       {"IntStorage", "int32"},      {"ShortStorage", "int16"},
      {"CharStorage", "int8"},        {"ByteStorage", "uint8"},     {"BoolStorage", "bool"},
      {"BFloat16Storage", "bfloat16"}};
  const auto found = names.find(storage);
  return found == names.end() ? "" : found->second;
}

/// The tensors in an unpickled object.
class TensorReader {
 public:
  TensorReader(const std::string& path, std::map<std::string, StoredArray>& tensors)
      : path_(path), zip_(path), tensors_(tensors) {}

  void read() {
    const ZipFile::Record& pickle = zip_.at("data.pkl");
    constexpr std::int64_t most = 256 << 20;  // a state dict's is some kilobytes
    if (pickle.bytes > most) throw DataError(path_, "data.pkl", "is too large for a state dict");
    try {
      const Pickle object(
          {static_cast<const char*>(pickle.data), static_cast<std::size_t>(pickle.bytes)});
      walk(object.root(), "", 0);
    } catch (const PickleError& error) {
      throw DataError(path_, "data.pkl", error.what());
    }
  }

 private:
  void walk(const PickleValue& value, const std::string& name, int depth) {
    constexpr int deepest = 8, most = 1 << 22;  // both also end lists that hold themselves
    if (++n_visited_ > most) throw PickleError("holds too many objects for a state dict");
    if (value.kind == PickleKind::tensor) tensors_[name] = array_of(value, name);
    if (depth == deepest) return;
    const auto below = [&](const std::string& key) {
      return name.empty() ? key : name + "/" + key;
    };
    if (value.kind == PickleKind::dict) {
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
        const PickleValue& key = *value.items[i];
        if (key.kind != PickleKind::text && key.kind != PickleKind::number) continue;
        walk(*value.items[i + 1],
             below(key.kind == PickleKind::text ? key.text : std::to_string(key.number)),
             depth + 1);
      }
    } else if (value.kind == PickleKind::list) {
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        walk(*value.items[i], below(std::to_string(i)), depth + 1);
      }
    }
  }

  /// torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...), where storage is the
  /// persistent id ("storage", type, key, place, n_elements).
  StoredArray array_of(const PickleValue& tensor, const std::string& name) {
    const auto fail = [&](const std::string& problem) { throw DataError(path_, name, problem); };
    const auto& arguments = tensor.items[0]->items;
    const auto* id = arguments.size() < 4 ? nullptr : arguments[0];
    if (id == nullptr || id->kind != PickleKind::storage || id->items[0]->items.size() < 5) {
      fail("is no plain tensor");
    }
    const auto& storage = id->items[0]->items;
    StoredArray array;
    array.mapping = zip_.mapping();
    const std::string type = storage[1]->text.substr(storage[1]->text.rfind('.') + 1);
    array.dtype = dtype_of_storage(type);
    if (array.dtype.empty()) fail(fmt::format("is a {}, which is not read here", type));
    array.shape = numbers(*arguments[2]);
    array.strides = numbers(*arguments[3]);
    const ZipFile::Record& record = record_of("data/" + storage[2]->text);
    const std::int64_t width = bytes_of_dtype(array.dtype);
    const std::int64_t offset = arguments[1]->number;
    if (!within(array, offset, record.bytes / width)) fail("reaches beyond its values (damaged)");
    array.data = static_cast<const char*>(record.data) + offset * width;
    return array;
  }

  /// Tensors may share a record: its checksum is computed once.
  const ZipFile::Record& record_of(const std::string& name) {
    const ZipFile::Record*& record = checked_[name];
    if (record == nullptr) record = &zip_.at(name);
    return *record;
  }

  static std::vector<std::int64_t> numbers(const PickleValue& tuple) {
    std::vector<std::int64_t> out;
    for (const auto& item : tuple.items) out.push_back(item->number);
    return out;
  }

  /// Whether every element lies in a storage of `n` elements.
  static bool within(const StoredArray& array, std::int64_t offset, std::int64_t n) {
    const std::int64_t size = array.size();
    if (size < 0 || offset < 0 || offset > n || array.strides.size() != array.shape.size()) {
      return false;
    }
    if (size == 0) return true;
    std::int64_t last = offset;
    for (std::size_t d = 0; d < array.shape.size(); ++d) {
      std::int64_t span = 0;
      if (array.strides[d] < 0 ||
          __builtin_mul_overflow(array.strides[d], array.shape[d] - 1, &span) ||
          __builtin_add_overflow(last, span, &last)) {
        return false;
      }
    }
    return last < n;
  }

  std::string path_;
  ZipFile zip_;
  std::map<std::string, StoredArray>& tensors_;
  std::map<std::string, const ZipFile::Record*> checked_;
  int n_visited_ = 0;
};

}  // namespace

bool TorchFile::is_zip(const std::string& path) {
  return first_bytes(path) == "PK\x03\x04";
}

bool TorchFile::is_legacy(const std::string& path) {
  return first_bytes(path)[0] == '\x80';
}

TorchFile::TorchFile(const std::string& path) {
  if (is_legacy(path)) {
    throw DataError(path, "",
                    "is in the legacy format of torch.save; convert it: python3 -c \"import torch; "
                    "torch.save(torch.load('" +
                        path + "', map_location='cpu'), 'new.pt')\"");
  }
  if (!is_zip(path)) throw DataError(path, "", "is no file of torch.save");
  TensorReader(path, tensors).read();
}

}  // namespace al_mpi
