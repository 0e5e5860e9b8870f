#include <fmt/format.h>
#include <fmt/ranges.h>

#include "option.hpp"

namespace al_mpi {
namespace {

std::string cell(std::string text) {  // "|" would end a Markdown cell
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

}  // namespace

std::string describe_schedule(const SweepConfig& config) {
  std::vector<std::string> texts;
  std::int64_t first = 1;
  for (const ScheduledStrategy& part : config.query.schedule) {
    const std::int64_t last = first + part.rounds - 1;
    texts.push_back(part.rounds == 0 ? fmt::format("{} from round {} on", part.name, first)
                    : part.rounds == 1
                        ? fmt::format("{} in round {}", part.name, first)
                        : fmt::format("{} in rounds {} to {}", part.name, first, last));
    first = last + 1;
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

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
