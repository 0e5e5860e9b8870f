#include <fmt/format.h>

#include "option.hpp"

namespace al_mpi {
namespace {

std::string cell(std::string text) {  // "|" would end a Markdown cell
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

}  // namespace

std::string describe_config() {
  const SweepConfig defaults;
  std::string text =
      "| key | default | `protocol: reference` | allowed | meaning |\n|---|---|---|---|---|\n";
  for (const Option& option : option_table()) {
    text +=
        fmt::format("| `{}` | `{}` | {} | {} | {} |\n", option.key, value_text(option, defaults),
                    option.reference_value.empty() ? "" : "`" + option.reference_value + "`",
                    cell(option.allowed), option.doc);
  }
  return text;
}

}  // namespace al_mpi
