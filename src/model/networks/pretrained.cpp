#include "pretrained.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <ATen/ops/stack.h>
#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/base/text.hpp>
#include <al_mpi/data/sensors.hpp>

namespace al_mpi {
namespace {

const std::string first_conv = "conv1.weight";

/// A network's name in a classifier's file: "encoder.conv1.weight" is "conv1.weight" there.
std::string classifier_name(const std::string& name) {
  const std::string prefix = "encoder.";
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

/// RGB kernels [out, 3, k, k] to one for each colour, [out, n_bands, k, k]; "" = none of them.
at::Tensor inflated(const at::Tensor& rgb, const std::vector<std::string>& colors) {
  const at::Tensor mean = rgb.mean(1);
  std::vector<at::Tensor> kernels;
  for (const std::string& color : colors) {
    kernels.push_back(color == "red"     ? rgb.select(1, 0)
                      : color == "green" ? rgb.select(1, 1)
                      : color == "blue"  ? rgb.select(1, 2)
                                         : mean);
  }
  return at::stack(kernels, 1) * (3.0 / static_cast<double>(colors.size()));
}

/// The names without the wrappers that torch.compile puts anywhere into them.
NamedTensors without_wrappers(const NamedTensors& file) {
  const std::string wrapper = "_orig_mod.";
  NamedTensors out;
  for (const auto& [name, tensor] : file) {
    std::string plain = name;
    for (auto at = plain.find(wrapper); at != std::string::npos; at = plain.find(wrapper)) {
      plain.erase(at, wrapper.size());
    }
    out.emplace(plain, tensor);
  }
  return out;
}

/// Prefixes of names in the file under which tensors of the network lie, and how many.
std::map<std::string, int> count_prefixes(const NamedTensors& file,
                                          const std::set<std::string>& wanted) {
  std::map<std::string, int> counts;
  for (const auto& [name, tensor] : file) {
    for (std::size_t begin = 0; begin != std::string::npos;) {
      if (wanted.count(name.substr(begin)) > 0) ++counts[name.substr(0, begin)];
      const std::size_t dot = name.find('.', begin);
      begin = dot == std::string::npos ? dot : dot + 1;
    }
  }
  return counts;
}

/// Goes through the network's tensors and notes what does not fit.
class Fitting {
 public:
  Fitting(const Network& network, const std::vector<std::string>& bands,
          const ModelOptions& options, const std::string& sensor)
      : network_(network),
        bands_(bands),
        options_(options),
        sensor_(sensor.empty() ? recognize_bands(bands).sensor : find_sensor(sensor)),
        file_(without_wrappers(read_weights(options.pretrained))) {
    take_prefix_off();
  }

  NamedTensors run() {
    for (const auto& [name, tensor] : named_state(network_)) fit(name, tensor);
    std::vector<std::string> unexpected;
    for (const auto& [name, tensor] : file_) {
      if (used_.count(name) == 0 && name.rfind("fc.", 0) != 0) unexpected.push_back(name);
    }
    const std::size_t n_problems = missing_.size() + misshaped_.size() + unexpected.size();
    if (n_problems > 0) {
      std::vector<std::string> parts;
      if (!missing_.empty()) parts.push_back("missing " + first_three(missing_));
      if (!unexpected.empty()) parts.push_back("unexpected " + first_three(unexpected));
      if (!misshaped_.empty()) parts.push_back("misshaped " + first_three(misshaped_));
      throw DataError(options_.pretrained, "",
                      fmt::format("the weights are not of this network ({} tensors do not fit): {}",
                                  n_problems, fmt::join(parts, "; ")));
    }
    if (!left_out_.empty()) {
      spdlog::info("{}: {} tensors are not taken from it ({}{})", options_.pretrained,
                   left_out_.size(), left_out_.front(), left_out_.size() > 1 ? ", ..." : "");
    }
    return std::move(fitting_);
  }

 private:
  /// Keeps the tensors of the file that lie under the prefix of most of the network's tensors, and
  /// takes
  /// the prefix off their names.
  void take_prefix_off() {
    std::set<std::string> wanted;
    for (const auto& [name, tensor] : named_state(network_)) {
      if (!network_.in_trunk(name)) continue;
      wanted.insert(name);
      wanted.insert(classifier_name(name));
    }
    const auto counts = count_prefixes(file_, wanted);
    if (counts.empty()) {
      std::vector<std::string> names;
      for (const auto& [name, tensor] : file_) names.push_back(name);
      throw DataError(
          options_.pretrained, "",
          fmt::format("the weights are not of this network: of its {} tensors ({}, ...) "
                      "none is there, under no prefix; the file has {}",
                      wanted.size(), *wanted.begin(), first_three(names)));
    }
    std::string best;
    int n_best = 0;
    std::vector<std::string> equals;
    for (const auto& [prefix, n] : counts) {
      // MoCo's query network is the trained one, its key network follows.
      const bool query = prefix.find("encoder_q.") != std::string::npos;
      if (n < n_best) continue;
      // "encoder." after "": the same tensors under a U-Net's and a classifier's names.
      if (n == n_best && !equals.empty() && prefix.rfind(equals[0], 0) == 0) continue;
      if (n > n_best || query) equals.clear();
      if (n == n_best && !equals.empty() && equals[0].find("encoder_q.") != std::string::npos)
        continue;
      n_best = n;
      best = prefix;
      equals.push_back(prefix);
    }
    if (equals.size() > 1) {
      throw DataError(options_.pretrained, "",
                      fmt::format("holds {} networks of this kind, under '{}': keep one of them, "
                                  "torch.save({{k: v for k, v in state.items() if "
                                  "k.startswith('{}')}}, FILE)",
                                  equals.size(), fmt::join(equals, "', '"), equals[0]));
    }
    if (best.empty()) return;
    NamedTensors kept;
    for (const auto& [name, tensor] : file_) {
      if (name.rfind(best, 0) == 0) {
        kept.emplace(name.substr(best.size()), tensor);
      } else {
        left_out_.push_back(name);
      }
    }
    spdlog::info("{}: names begin with '{}', which is taken off", options_.pretrained, best);
    file_ = std::move(kept);
  }

  void fit(const std::string& name, const at::Tensor& wanted) {
    auto found = file_.find(name);
    if (found == file_.end()) found = file_.find(classifier_name(name));
    if (found == file_.end()) return absent(name);
    used_.insert(found->first);
    const at::Tensor& given = found->second;
    if (given.sizes() == wanted.sizes() &&
        (classifier_name(name) != first_conv || !other_order(given))) {
      fitting_[name] = given;
    } else if (classifier_name(name) == first_conv && same_but_bands(given, wanted)) {
      fit_first_conv(name, given);
    } else if (!network_.in_trunk(name)) {
      left_out_.push_back(name);
    } else {
      misshaped_.push_back(fmt::format("{} [{}] instead of [{}]", name,
                                       fmt::join(given.sizes(), ", "),
                                       fmt::join(wanted.sizes(), ", ")));
    }
  }

  void absent(const std::string& name) {
    const bool counter = name.find("num_batches_tracked") != std::string::npos;  // not used here
    if (counter) return;
    if (network_.in_trunk(name)) {
      missing_.push_back(name);
    } else {
      left_out_.push_back(name);
    }
  }

  static bool same_but_bands(const at::Tensor& given, const at::Tensor& wanted) {
    return given.dim() == 4 && given.size(0) == wanted.size(0) && given.size(2) == wanted.size(2) &&
           given.size(3) == wanted.size(3);
  }

  std::vector<std::string> colors() const {
    std::vector<std::string> colors;
    for (const std::string& band : bands_) colors.push_back(band_color(band, sensor_));
    return colors;
  }

  /// Kernels for red, green, blue, and the same three bands in another order.
  bool other_order(const at::Tensor& given) const {
    std::vector<std::string> order = colors();
    const std::vector<std::string> rgb = {"red", "green", "blue"};
    return given.dim() == 4 && given.size(1) == 3 && order != rgb &&
           std::is_permutation(order.begin(), order.end(), rgb.begin(), rgb.end());
  }

  void fit_first_conv(const std::string& name, const at::Tensor& given) {
    if (options_.first_conv == FirstConv::reinit && !other_order(given)) {
      left_out_.push_back(name);
    } else if (given.size(1) == 3) {
      const auto of_bands = colors();
      for (const char* color : {"red", "green", "blue"}) {
        if (std::find(of_bands.begin(), of_bands.end(), color) != of_bands.end()) continue;
        spdlog::warn(
            "{}: none of the bands {} is {} by its name, so the kernels for {} are in the mean "
            "alone "
            "(al_prepare --bands names bands)",
            options_.pretrained, fmt::join(bands_, " "), color, color);
      }
      fitting_[name] = inflated(given, of_bands);
    } else {
      misshaped_.push_back(
          fmt::format("{} of {} bands (only RGB kernels can be inflated)", name, given.size(1)));
    }
  }

  const Network& network_;
  const std::vector<std::string>& bands_;
  const ModelOptions& options_;
  const Sensor* sensor_;
  NamedTensors file_;
  NamedTensors fitting_;
  std::set<std::string> used_;
  std::vector<std::string> missing_, misshaped_, left_out_;
};

}  // namespace

NamedTensors fitting_weights(const Network& network, const std::vector<std::string>& bands,
                             const ModelOptions& options, const std::string& sensor) {
  return Fitting(network, bands, options, sensor).run();
}

}  // namespace al_mpi
