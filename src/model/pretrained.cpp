#include <set>

#include <ATen/ops/stack.h>
#include <fmt/ranges.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/model/pretrained.hpp>

namespace al_mpi {
namespace {

const std::string first_conv = "conv1.weight";

/// A network's name in a classifier's file: "encoder.conv1.weight" is "conv1.weight" there.
std::string classifier_name(const std::string& name) {
  const std::string prefix = "encoder.";
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

/// RGB kernels [out, 3, k, k] to one for each of `bands`, [out, n_bands, k, k].
at::Tensor inflated(const at::Tensor& rgb, const std::vector<std::string>& bands) {
  const at::Tensor mean = rgb.mean(1);
  std::vector<at::Tensor> kernels;
  for (const std::string& band : bands) {
    const auto name = band.size() == 3 && band[1] == '0' ? "B" + band.substr(2) : band;  // B04 = B4
    kernels.push_back(name == "B4"   ? rgb.select(1, 0)
                      : name == "B3" ? rgb.select(1, 1)
                      : name == "B2" ? rgb.select(1, 2)
                                     : mean);
  }
  return at::stack(kernels, 1) * (3.0 / static_cast<double>(bands.size()));
}

/// Goes through the network's tensors and notes what does not fit.
class Fitting {
 public:
  Fitting(const Network& network, const std::vector<std::string>& bands,
          const ModelOptions& options)
      : network_(network),
        bands_(bands),
        options_(options),
        file_(read_weights(options.pretrained)) {}

  NamedTensors run() {
    for (const auto& [name, tensor] : named_state(network_)) fit(name, tensor);
    for (const auto& [name, tensor] : file_) {
      if (used_.count(name) == 0 && name.rfind("fc.", 0) != 0)
        problems_.push_back("unexpected " + name);
    }
    if (!problems_.empty()) {
      throw DataError(options_.pretrained, "",
                      fmt::format("the weights are not of this network ({} tensors do not fit): {}",
                                  problems_.size(), fmt::join(problems_, ", ")));
    }
    if (!left_out_.empty()) {
      spdlog::info("{}: {} tensors are not taken from it ({}{})", options_.pretrained,
                   left_out_.size(), left_out_.front(), left_out_.size() > 1 ? ", ..." : "");
    }
    return std::move(fitting_);
  }

 private:
  void fit(const std::string& name, const at::Tensor& wanted) {
    auto found = file_.find(name);
    if (found == file_.end()) found = file_.find(classifier_name(name));
    if (found == file_.end()) return absent(name);
    used_.insert(found->first);
    const at::Tensor& given = found->second;
    if (given.sizes() == wanted.sizes()) {
      fitting_[name] = given;
    } else if (classifier_name(name) == first_conv && same_but_bands(given, wanted)) {
      fit_first_conv(name, given);
    } else if (!network_.in_trunk(name)) {
      left_out_.push_back(name);
    } else {
      problems_.push_back(fmt::format("misshaped {} [{}] instead of [{}]", name,
                                      fmt::join(given.sizes(), ", "),
                                      fmt::join(wanted.sizes(), ", ")));
    }
  }

  void absent(const std::string& name) {
    const bool counter = name.find("num_batches_tracked") != std::string::npos;  // not used here
    if (counter) return;
    if (network_.in_trunk(name)) {
      problems_.push_back("missing " + name);
    } else {
      left_out_.push_back(name);
    }
  }

  static bool same_but_bands(const at::Tensor& given, const at::Tensor& wanted) {
    return given.dim() == 4 && given.size(0) == wanted.size(0) && given.size(2) == wanted.size(2) &&
           given.size(3) == wanted.size(3);
  }

  void fit_first_conv(const std::string& name, const at::Tensor& given) {
    if (options_.first_conv == "reinit") {
      left_out_.push_back(name);
    } else if (given.size(1) == 3) {
      fitting_[name] = inflated(given, bands_);
    } else {
      problems_.push_back(
          fmt::format("{} of {} bands (only RGB kernels can be inflated)", name, given.size(1)));
    }
  }

  const Network& network_;
  const std::vector<std::string>& bands_;
  const ModelOptions& options_;
  const NamedTensors file_;
  NamedTensors fitting_;
  std::set<std::string> used_;
  std::vector<std::string> problems_, left_out_;
};

}  // namespace

NamedTensors fitting_weights(const Network& network, const std::vector<std::string>& bands,
                             const ModelOptions& options) {
  return Fitting(network, bands, options).run();
}

}  // namespace al_mpi
