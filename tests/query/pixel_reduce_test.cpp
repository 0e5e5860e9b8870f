#include <cmath>
#include <limits>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/acquisition.hpp"
#include "src/query/scores/pixel_reduce.hpp"

using namespace al_mpi;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

/// One image of the values 0 1 ... 20 in some order: the 5 % and 95 % quantiles are 1 and 19.
at::Tensor ramp() {
  return (at::arange(21) * 8).remainder(21).to(at::kDouble).view({1, 3, 7});
}

double reduced(const at::Tensor& scores, const std::string& how, const at::Tensor& predicted = {}) {
  return pixel_reduce(scores, predicted, enum_of<PixelReduction>(how, ""))[0].item<double>();
}

}  // namespace

// By hand: 1 ... 19 are kept; mean 10, variance (19^2 - 1) / 12 = 30.
TEST_CASE("reductions of a ramp are as computed by hand") {
  CHECK(reduced(ramp(), "trimmed_mean_minus_std") == Approx(10 + std::sqrt(30.0)));
  CHECK(reduced(ramp(), "trimmed_mean") == Approx(10));
  CHECK(reduced(ramp(), "mean") == Approx(10));
  CHECK(reduced(ramp(), "sum") == Approx(210));
  CHECK(reduced(ramp(), "max") == Approx(20));
  CHECK(reduced(ramp(), "top_share") == Approx(19.5));  // 2 of 21: 20 and 19
}

TEST_CASE("quantiles are interpolated linearly") {
  // 0 ... 9: quantiles 0.45 and 8.55, so 1 ... 8 are kept.
  const at::Tensor scores = at::arange(10).to(at::kDouble).view({1, 2, 5});
  CHECK(reduced(scores, "trimmed_mean") == Approx(4.5));
  CHECK(reduced(scores, "trimmed_mean_minus_std") == Approx(4.5 + std::sqrt(63.0 / 12)));
}

TEST_CASE("equal scores survive the trimming") {
  const at::Tensor scores = at::full({1, 4, 4}, 0.25, at::kDouble);
  CHECK(reduced(scores, "trimmed_mean_minus_std") == Approx(0.25));
}

TEST_CASE("the grid's best cell counts, not the best pixel") {
  at::Tensor scores = at::zeros({1, 32, 32}, at::kDouble);
  scores[0][0][0] = 1.0;                                   // one bright pixel: cell mean 1/4
  scores[0].narrow(0, 30, 2).narrow(1, 30, 2).fill_(0.5);  // one whole cell of 2 x 2
  CHECK(reduced(scores, "grid_mean") == Approx(0.5));
  CHECK(reduced(ramp(), "grid_mean") == Approx(20));  // a cell a pixel
}

TEST_CASE("class_balanced weighs the predicted classes alike") {
  // Three pixels of class 0 with mean 2, one of class 3 with 6: (2 + 6) / 2.
  const at::Tensor scores = at::tensor({1.0, 2.0, 3.0, 6.0}).view({1, 2, 2});
  const at::Tensor predicted = at::tensor(Indices{0, 0, 0, 3}).view({1, 2, 2});
  CHECK(reduced(scores, "class_balanced", predicted) == Approx(4));
}

TEST_CASE("pixels without a finite score are left out; an image of them is NaN") {
  at::Tensor scores = ramp().repeat({2, 1, 1});
  scores[1].fill_(nan_value);
  const at::Tensor predicted = at::zeros({2, 3, 7}, at::kLong);
  for (const std::string& how : enum_names<PixelReduction>()) {
    DYNAMIC_SECTION(how) {
      const at::Tensor result = pixel_reduce(scores, predicted, enum_of<PixelReduction>(how, ""));
      CHECK(std::isfinite(result[0].item<double>()));
      CHECK(std::isnan(result[1].item<double>()));
    }
  }
  at::Tensor masked = at::tensor({1.0, nan_value, 3.0, nan_value}).view({1, 2, 2});
  CHECK(reduced(masked, "mean") == Approx(2));
}

TEST_CASE("class_balanced takes the classes from the mean prediction") {
  Question question;
  at::Tensor p = at::zeros({2, 2, 1, 2});
  // Image 0: both pixels of class 0, entropies small and large; image 1: a class each.
  p[0][0] = at::tensor({0.99F, 0.6F});
  p[1][0] = at::tensor({0.99F, 0.4F});
  p.select(1, 1) = 1.0 - p.select(1, 0);
  question.predictions.probs = p;
  question.unlabeled = {0, 1};
  question.n = 2;
  question.options.pixel_reduction = PixelReduction::class_balanced;
  const Picks picks = question.ask("least_confidence");
  CHECK(picks[0].score == Approx((0.01 + 0.4) / 2).epsilon(1e-5));
  CHECK(picks[1].score == Approx((0.01 + 0.4) / 2).epsilon(1e-5));
}

// By hand: each pixel gives minus the indices of its two best classes.
TEST_CASE("the reference's margin of class indices is there on request") {
  const at::Tensor p = at::tensor({0.2, 0.5, 0.3}).view({1, 3, 1, 1});
  QueryOptions options;
  CHECK(margin_acquisition(options)(p).item<double>() == Approx(-0.2));
  options.pixel_margin = PixelMargin::class_indices;
  const at::Tensor map = margin_acquisition(options)(p);  // classes 1 and 2
  CHECK(map.flatten()[0].item<double>() == -1.0);
  CHECK(map.flatten()[1].item<double>() == -2.0);
  CHECK(margin_acquisition(options)(p.view({1, 3})).item<double>() == Approx(-0.2));
}

TEST_CASE("all reductions by operations on all images, as on a GPU, are those image by image") {
  for (const auto& [height, width] : {std::pair(7, 5), std::pair(40, 33)}) {
    at::Tensor scores = random_tensor({6, height, width}, 3).to(at::kDouble);
    const at::Tensor predicted = random_tensor({6, height, width}, 4).mul(2).abs().to(at::kLong);
    scores[1][0][2] = nan_value;
    scores[1][3] = std::numeric_limits<double>::infinity();
    scores[2].fill_(nan_value);
    scores[2][1][1] = 0.5;                                      // one pixel is left
    scores[3].fill_(-std::numeric_limits<double>::infinity());  // none is
    scores[4].fill_(0.25);
    for (const std::string& how : enum_names<PixelReduction>()) {
      INFO(how << " of " << height << " x " << width);
      const at::Tensor one_by_one =
          pixel_reduce(scores, predicted, enum_of<PixelReduction>(how, ""));
      const at::Tensor bulk =
          pixel_reduce_in_bulk(scores, predicted, enum_of<PixelReduction>(how, ""));
      CHECK(bulk.scalar_type() == at::kDouble);
      CHECK(at::allclose(bulk, one_by_one, 1e-10, 1e-12, /*equal_nan=*/true));
    }
  }
}
