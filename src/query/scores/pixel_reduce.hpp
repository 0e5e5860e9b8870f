#pragma once

#include <ATen/core/Tensor.h>

#include <al_mpi/query/options.hpp>

namespace al_mpi {

/// One acquisition score an image from its pixels' scores, [b, H, W] float64 -> [b] float64.
///
/// Pixels whose score is not finite are left out; an image without any other is NaN. `how` is
/// - trimmed_mean_minus_std: mean plus standard deviation (population) of the values between the 5
///   and the 95 % quantile, ends included. Follows the published study, which takes mean minus
///   deviation of the confidence (which is minus the score) and labels the lowest first.
/// - mean, sum, max.
/// - trimmed_mean: mean of the values between those quantiles.
/// - top_share: mean of the largest 10 %, at least one.
/// - grid_mean: largest mean of the cells of a 16 x 16 grid (fewer where the image is smaller).
/// - class_balanced: mean over the predicted classes of each class's mean; needs `predicted` [b, H,
/// W] int64. Quantiles are interpolated linearly (position q (n - 1)) and found by selection,
/// O(HW).
at::Tensor pixel_reduce(const at::Tensor& scores, const at::Tensor& predicted, PixelReduction how);

/// The same by operations on all images at once, where the scores lie: what pixel_reduce() does
/// with scores on a GPU.
at::Tensor pixel_reduce_in_bulk(const at::Tensor& scores, const at::Tensor& predicted,
                                PixelReduction how);

}  // namespace al_mpi
