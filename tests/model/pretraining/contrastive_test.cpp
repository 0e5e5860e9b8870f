#include <cmath>

#include <ATen/ATen.h>

#include "catch.hpp"
#include "src/model/pretraining/contrastive.hpp"

using namespace al_mpi;

TEST_CASE("NT-Xent of four views by hand") {
  // Unit vectors at 0, 90, 60 and 90 degrees (lengths do not matter): views (a0, b0) and (a1, b1).
  const double c60 = 0.5, s60 = std::sqrt(3.0) / 2, t = 0.5;
  const at::Tensor a = at::tensor({2.0, 0.0, 0.0, 5.0}).view({2, 2});
  const at::Tensor b = at::tensor({c60, s60, 0.0, 1.0}).view({2, 2});
  const auto e = [&](double cosine) { return std::exp(cosine / t); };
  // cosines: a0 a1 = 0, a0 b0 = 0.5, a0 b1 = 0, a1 b0 = s60, a1 b1 = 1, b0 b1 = s60
  const double expected = (-std::log(e(c60) / (e(0) + e(c60) + e(0))) -     // a0 finds b0
                           std::log(e(1) / (e(0) + e(s60) + e(1))) -        // a1 finds b1
                           std::log(e(c60) / (e(c60) + e(s60) + e(s60))) -  // b0 finds a0
                           std::log(e(1) / (e(0) + e(1) + e(s60)))) /
                          4;  // b1 finds a1
  CHECK(nt_xent(a, b, t).item<double>() == Approx(expected).epsilon(1e-6));
}

TEST_CASE("NT-Xent has gradients to both views and is least for equal partners") {
  const at::Tensor a = at::eye(3).requires_grad_(true), b = at::eye(3).requires_grad_(true);
  const at::Tensor other = at::roll(at::eye(3), 1, 0);
  CHECK(nt_xent(a, b, 0.2).item<double>() < nt_xent(a, other, 0.2).item<double>());
  nt_xent(a, other + b, 0.2).backward();
  CHECK(a.grad().abs().sum().item<double>() > 0);
  CHECK(b.grad().abs().sum().item<double>() > 0);
}

TEST_CASE("InfoNCE by hand, and no gradient flows to the keys") {
  const at::Tensor query = at::tensor({3.0, 0.0}).view({1, 2}).requires_grad_(true);
  const at::Tensor key = at::tensor({1.0, 1.0}).view({1, 2}).requires_grad_(true);
  const at::Tensor queue = at::tensor({0.0, 1.0, -1.0, 0.0}).view({2, 2});
  const double t = 0.5, positive = std::exp(std::sqrt(0.5) / t);
  const at::Tensor loss = info_nce(query, key, queue, t);
  CHECK(loss.item<double>() ==
        Approx(-std::log(positive / (positive + std::exp(0.0) + std::exp(-1 / t)))).epsilon(1e-6));
  loss.backward();
  CHECK(query.grad().defined());
  CHECK_FALSE(key.grad().defined());
}

TEST_CASE("the queue forgets the oldest keys first and holds unit rows") {
  KeyQueue queue(at::zeros({3, 1}));
  const auto values = [&] {
    const at::Tensor rows = queue.rows().flatten();
    return std::vector<float>(rows.data_ptr<float>(), rows.data_ptr<float>() + rows.numel());
  };
  queue.push(at::tensor({5.0f, -2.0f}).view({2, 1}));
  CHECK(values() == std::vector<float>{0, 1, -1});
  queue.push(at::tensor({-7.0f}).view({1, 1}));
  CHECK(values() == std::vector<float>{1, -1, -1});
  queue.push(at::tensor({1.0f, 2.0f, -3.0f, 4.0f}).view({4, 1}));  // more than it holds
  CHECK(values() == std::vector<float>{1, -1, 1});
}
