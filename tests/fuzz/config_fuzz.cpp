// Any text is a configuration or a ConfigError; what is accepted survives being written and read
// again.

#include <cstdlib>
#include <string>

#include <al_mpi/base/error.hpp>
#include <al_mpi/config/sweep_config.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace al_mpi;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string yaml;
  try {
    yaml = to_yaml(parse_config(text, "fuzz"));
  } catch (const ConfigError&) {
    return 0;
  }
  if (to_yaml(parse_config(yaml, "again")) != yaml) std::abort();
  return 0;
}
