#include "fisher_information.hpp"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/diag_embed.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/triu_indices.h>
#include <ATen/ops/zeros.h>

namespace al_mpi {
namespace {

constexpr std::int64_t rows_at_once = 4096;  // bounds the memory of the products of features

/// h_i^T M_kl h_i for the blocks M_kl [d, d] of a symmetric matrix [C d, C d]: [b, C, C]. Products
/// of two features stand in the rows of a matrix, each pair once, so that all are one product.
class QuadraticForms {
 public:
  explicit QuadraticForms(const at::Tensor& h) : d_(h.size(1)), pairs_(at::triu_indices(d_, d_)) {
    const at::Tensor columns = h.t().contiguous();
    products_ = columns.index_select(0, pairs_[0]) * columns.index_select(0, pairs_[1]);
  }

  at::Tensor of(const at::Tensor& matrix) const {
    const std::int64_t n_classes = matrix.size(0) / d_;
    const at::Tensor blocks = blocks_of(matrix, n_classes);
    const at::Tensor twice = (blocks + blocks.transpose(1, 2)).flatten(1);
    const at::Tensor folded = twice.index_select(1, pairs_[0] * d_ + pairs_[1]) *
                              (1.0 - 0.5 * (pairs_[0] == pairs_[1]).to(at::kDouble));
    return folded.mm(products_).view({n_classes, n_classes, -1}).permute({2, 0, 1});
  }

 private:
  at::Tensor blocks_of(const at::Tensor& matrix, std::int64_t n_classes) const {
    return matrix.view({n_classes, d_, n_classes, d_})
        .permute({0, 2, 1, 3})
        .reshape({n_classes * n_classes, d_, d_});
  }

  std::int64_t d_;
  at::Tensor pairs_;     // [2, d (d + 1) / 2]
  at::Tensor products_;  // [d (d + 1) / 2, b]
};

/// (diag(p) - p p^T) m for each row: p [b, C], m [b, C, C].
at::Tensor covariance_times(const at::Tensor& p, const at::Tensor& m) {
  return p.unsqueeze(2) * (m - p.unsqueeze(1).bmm(m));
}

}  // namespace

FisherInformation::FisherInformation(const at::Tensor& p, const at::Tensor& h)
    : p_(p.to(at::kDouble)), h_(h.to(at::kDouble)) {}

at::Tensor FisherInformation::sum(const at::Tensor& rows) const {
  const std::int64_t n_classes = p_.size(1);
  const std::int64_t d = h_.size(1);
  at::Tensor total = at::zeros({n_classes * n_classes, d * d}, at::kDouble);
  for (const at::Tensor& some : rows.split(rows_at_once)) {
    const at::Tensor p = p_.index_select(0, some);
    const at::Tensor h = h_.index_select(0, some);
    const at::Tensor covariance = at::diag_embed(p) - p.unsqueeze(2) * p.unsqueeze(1);
    total.addmm_(covariance.flatten(1).t(), (h.unsqueeze(2) * h.unsqueeze(1)).flatten(1));
  }
  return total.view({n_classes, n_classes, d, d})
      .permute({0, 2, 1, 3})
      .reshape({n_classes * d, n_classes * d});
}

at::Tensor FisherInformation::trace_changes(const at::Tensor& rows, const at::Tensor& inverse,
                                            const at::Tensor& target, double weight) const {
  // With I_i = V V^T, the change is |w| tr((1 + w V^T S^-1 V)^-1 V^T S^-1 F S^-1 V). V = B kron h
  // with B B^T = A, the covariance of the label, so V^T M V = B^T G B with G the quadratic forms of
  // M; B moves through the inverse: |w| tr((1 + w A G)^-1 A H).
  const at::Tensor moved = inverse.mm(target).mm(inverse);
  const at::Tensor identity = at::eye(p_.size(1), at::kDouble);
  std::vector<at::Tensor> changes;
  for (const at::Tensor& some : rows.split(rows_at_once)) {
    const at::Tensor p = p_.index_select(0, some);
    const QuadraticForms forms(h_.index_select(0, some));
    const at::Tensor solved =
        at::linalg_solve(identity + weight * covariance_times(p, forms.of(inverse)),
                         covariance_times(p, forms.of(moved)));
    changes.push_back(std::abs(weight) * solved.diagonal(0, 1, 2).sum(1));
  }
  return at::cat(changes);
}

}  // namespace al_mpi
