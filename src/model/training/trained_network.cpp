#include <al_mpi/model/trained_network.hpp>

#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/nan_to_num.h>

#include "model.hpp"
#include "src/model/networks/weights.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/log.hpp>
#include <al_mpi/model/inputs.hpp>

namespace al_mpi {

struct Classifier::Impl {
  Model model;
  at::Tensor mean, scale;  ///< [1, bands, 1, 1]
};

namespace {

/// Bands, classes and sizes, without a sample.
class Outline : public Dataset {
 public:
  explicit Outline(const TrainedNetwork& network) {
    task = network.task;
    classes = network.classes;
    ignore_label = network.ignore_label;
    bands = network.bands;
    mean = network.mean;
    std_dev = network.std_dev;
    Split& split = splits["train"];
    split.pixel_type = network.pixel_type;
    split.channels = static_cast<std::int64_t>(bands.size());
    split.height = network.height;
    split.width = network.width;
  }
};

LearnerOptions options_of(const TrainedNetwork& network, const std::string& device) {
  if (network.model.torchscript.empty() && takes_embeddings(network.model.name)) {
    throw ConfigError(
        "model.name",
        fmt::format("{} was trained on embeddings: it cannot look at images", network.model.name));
  }
  LearnerOptions options;
  options.model = network.model;
  options.model.pretrained.clear();  // the trained weights replace them
  options.training.precision = network.precision;
  if (network.precision == Precision::tf32 && device == "cpu") {
    spdlog::info("the network was trained in tf32, a format of GPUs; it is applied in fp32");
    options.training.precision = Precision::fp32;
  }
  options.device = device;
  options.threads = at::get_num_threads();
  return options;
}

}  // namespace

Classifier::Classifier(const TrainedNetwork& network, const std::string& device)
    : impl_(std::make_unique<Impl>()) {
  impl_->model = make_model(std::make_shared<Outline>(network), options_of(network, device), 0);
  load_bytes(network.state, named_state(*impl_->model.network));
  impl_->mean = per_band(network.mean, impl_->model.device);
  impl_->scale = per_band(network.std_dev, impl_->model.device).reciprocal();
}

Classifier::~Classifier() = default;

std::vector<std::uint8_t> Classifier::operator()(const std::vector<float>& images, std::int64_t n,
                                                 std::int64_t height, std::int64_t width) const {
  const Model& model = impl_->model;
  const auto bands = static_cast<std::int64_t>(model.dataset->bands.size());
  check(static_cast<std::int64_t>(images.size()) == n * bands * height * width,
        "{} values for {} images of {} x {} x {}", images.size(), n, bands, height, width);
  const at::NoGradGuard no_grad;
  // from_blob takes a pointer to non-const; the values are only read.
  const at::Tensor pixels =
      at::from_blob(const_cast<float*>(images.data()), {n, bands, height, width}, at::kFloat)
          .to(model.device);
  const at::Tensor normalized = at::nan_to_num((pixels - impl_->mean) * impl_->scale, 0, 0, 0)
                                    .contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor columns =
      model.valid_logits(model.encode(normalized)).argmax(1).cpu().contiguous();
  std::vector<std::uint8_t> classes;
  classes.reserve(static_cast<std::size_t>(columns.numel()));
  for (std::int64_t i = 0; i < columns.numel(); ++i) {
    const std::int64_t column = columns.data_ptr<std::int64_t>()[i];
    classes.push_back(
        static_cast<std::uint8_t>(model.valid_classes[static_cast<std::size_t>(column)]));
  }
  return classes;
}

}  // namespace al_mpi
