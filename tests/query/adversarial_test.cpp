#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "query/fake_predictions.hpp"
#include "src/query/scores/adversarial.hpp"

using namespace al_mpi;

namespace {

/// Two classes, logits (x, -x) of a single number x: the boundary is at 0.
Question on_a_line(const std::vector<float>& positions) {
  Question question;
  FakePredictions& p = question.predictions;
  p.images = at::tensor(positions).view({-1, 1, 1, 1});
  p.stored_head = {matrix({{1.0F}, {-1.0F}}), at::zeros({2})};
  question.unlabeled = range(0, static_cast<std::int64_t>(positions.size()));
  question.n = static_cast<std::int64_t>(positions.size());
  return question;
}

}  // namespace

// By hand: the distance to the boundary is |x|; steps of 0.05 need |x| / 0.05 of them.
TEST_CASE(
    "on a line DeepFool's norm is the distance to the boundary and BIM counts the steps there") {
  Question question = on_a_line({0.52F, -0.11F, 1.03F, -0.27F, 0.02F});
  const Indices expected = {4, 1, 3, 0, 2};
  const Picks deepfool = question.ask("adversarial_deepfool");
  CHECK(indices_of(deepfool) == expected);
  CHECK(deepfool[0].score == Approx(-0.02).epsilon(1e-4));
  CHECK(deepfool[4].score == Approx(-1.03).epsilon(1e-4));
  const Picks bim = question.ask("adversarial_bim");
  CHECK(indices_of(bim) == expected);
  CHECK(bim[0].score == Approx(-0.4).epsilon(1e-3));
  CHECK(bim[4].score == Approx(-20.6).epsilon(1e-3));
}

// Moosavi-Dezfooli et al., equation 8: for a linear classifier min_k |f_k - f_y| / ||w_k - w_y||,
// in one step.
TEST_CASE("DeepFool of a linear classifier is the closed form") {
  Question question = random_question(40);
  question.n = 26;
  const FakePredictions& p = question.predictions;
  const at::Tensor logits =
      at::linear(p.images.flatten(1), p.stored_head.weight, p.stored_head.bias);
  for (const Pick& pick : question.ask("adversarial_deepfool")) {
    const at::Tensor f = logits[pick.index];
    const std::int64_t y = f.argmax().item<std::int64_t>();
    double nearest = 1e9;
    for (std::int64_t k = 0; k < 4; ++k) {
      if (k == y) continue;
      const double norm = (p.stored_head.weight[k] - p.stored_head.weight[y]).norm().item<double>();
      nearest = std::min(nearest, (f[y] - f[k]).item<double>() / norm);
    }
    CHECK(pick.score == Approx(-nearest).epsilon(1e-4));
  }
}

TEST_CASE("DeepFool iterates where the network is not linear") {
  // Logits (relu(x) - 1 + x^2, 0): the boundary for x > 0 is x^2 + x = 1, x = 0.618.
  Question question = on_a_line({2.0F});
  question.predictions.network = [](const at::Tensor& x) {
    const at::Tensor value = x.flatten(1);
    return at::stack({at::relu(value) - 1.0 + value * value, 0.0 * value}, 1).squeeze(2);
  };
  const Picks picks = question.ask("adversarial_deepfool");
  CHECK(-picks[0].score == Approx(2.0 - 0.618).margin(0.05));
}

TEST_CASE("an image that does not flip within the cap comes last with a finite score") {
  Question question = on_a_line({100.0F, 0.1F, -0.3F});
  question.options.adversarial_max_steps = 10;
  const Picks picks = question.ask("adversarial_bim");
  CHECK(indices_of(picks) == Indices{1, 2, 0});
  CHECK(picks[2].score == -10.0);
}

TEST_CASE("a network without a gradient leaves the image last") {
  Question question = on_a_line({0.5F, 0.2F});
  question.predictions.network = [](const at::Tensor& x) {
    const at::Tensor value = x.flatten(1);
    const at::Tensor flat = (value > 0.4).to(at::kFloat);  // constant around both
    return at::cat({value * (1.0 - flat) + flat, -value * (1.0 - flat)}, 1);
  };
  const Picks picks = question.ask("adversarial_deepfool");
  CHECK(indices_of(picks) == Indices{1, 0});
  CHECK_FALSE(std::isfinite(picks[1].score));
}
