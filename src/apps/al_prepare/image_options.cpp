#include "apps/al_prepare/image_options.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "apps/choice.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

double parse_no_data(const std::string& text) {
  if (text == "nan" || text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0')
    throw ConfigError("--no-data-value", fmt::format("'{}' is no number", text));
  return value;
}

}  // namespace

void add_image_options(CLI::App& command, ImageOptions& options) {
  command
      .add_option(
          "--bands", options.bands,
          "which bands, in which order, comma-separated: NAME as the files (or a sensor) call it, "
          "POSITION, or POSITION=NAME; of files without names: the names (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  std::vector<std::string> names;
  for (const Sensor& sensor : sensors()) names.push_back(sensor.name);
  command
      .add_option("--sensor", options.sensor,
                  "whose bands they are (default: the one that knows most of the names)")
      ->check(CLI::IsMember(names));
  add_choice(command, "--values", options.values,
             "stored: numbers as they are; physical: the files' scale and offset applied, as "
             "float32 (default: as stored, and all files must have the same scale and offset)");
  command.add_option_function<std::string>(
      "--no-data-value",
      [&options](const std::string& text) { options.no_data = parse_no_data(text); },
      "a number (or nan) that marks missing pixels, beside what the files declare");
  command
      .add_option(
          "--max-no-data", options.max_no_data,
          "leave out images (tiles) of which a larger share is missing, 0 .. 1; those without any "
          "value always are")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

void print_notes(const std::vector<std::string>& notes) {
  for (const auto& note : notes) fmt::print(stderr, "note: {}\n", note);
}

}  // namespace al_mpi
