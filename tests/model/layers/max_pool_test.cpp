#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "catch.hpp"
#include "src/model/layers/layers.hpp"

using namespace al_mpi;

TEST_CASE("max pooling and its gradient are at::max_pool2d's in any memory order and type") {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    for (const at::MemoryFormat order :
         {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor x = (at::arange(2 * 7 * 5 * 8, at::kFloat) * 0.7)
                               .sin()
                               .view({2, 7, 5, 8})
                               .to(type)
                               .contiguous(order);
      const auto both = [&](auto pool) {
        const at::Tensor input = x.detach().requires_grad_();
        const at::Tensor y = pool(input);
        const at::Tensor gradient = at::arange(y.numel()).view(y.sizes()).remainder(4).to(type);
        return std::pair(y.detach(), torch::autograd::grad({y}, {input}, {gradient})[0]);
      };
      const auto ours = both([](const at::Tensor& t) { return max_pool(t); });
      const auto theirs = both([](const at::Tensor& t) {
        return at::max_pool2d(t, {3, 3}, {2, 2}, {1, 1});
      });
      CHECK(ours.first.equal(theirs.first));
      CHECK(ours.second.equal(theirs.second));  // small whole numbers: every sum is exact
    }
  }
}
