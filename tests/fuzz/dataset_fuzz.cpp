// A dataset file with any bytes changed, or cut anywhere, opens or is a DataError. The input is a
// list of changes: two bytes for the place, one for the value; the last two bytes may cut the file.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/dataset_writer.hpp>

namespace {

using namespace al_mpi;

std::string scratch() {
  return (std::filesystem::temp_directory_path() /
          ("al_mpi_fuzz_" + std::to_string(::getpid()) + ".h5"))
      .string();
}

std::string whole_file() {
  DatasetDescription description;
  description.classes = {"a", "b"};
  description.bands = {"B1"};
  description.height = description.width = 2;
  const SplitSource source{3, [](std::int64_t i, Sample& sample) {
                             sample.image.assign(sample.image.size(),
                                                 static_cast<unsigned char>(i));
                             sample.label = i % 2;
                             sample.name = "x" + std::to_string(i);
                           }};
  write_dataset(scratch(), description, {{"train", source}, {"test", source}});
  std::ifstream file(scratch(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::string whole = whole_file();
  std::string bytes = whole;
  for (std::size_t i = 0; i + 2 < size; i += 3) {
    bytes[(data[i] * 256U + data[i + 1]) % bytes.size()] = static_cast<char>(data[i + 2]);
  }
  if (size % 3 == 2) bytes.resize((data[size - 2] * 256U + data[size - 1]) % bytes.size());
  std::ofstream(scratch(), std::ios::binary) << bytes;
  try {
    const auto dataset = Dataset::open(scratch());
    if (dataset->fingerprint().size() != 16) std::abort();
  } catch (const DataError&) {
  }
  return 0;
}
