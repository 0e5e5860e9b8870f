#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// Probabilities p [b, C, ...] float64, > 0, at a temperature: softmax(ln p / temperature) over
/// dimension 1. Above 1 they are less sure, below 1 surer.
at::Tensor at_temperature(const at::Tensor& p, double temperature);

/// CalibrationError of p [n, C] float64 with ten bins, as the paper of uherding has it.
double calibration_error(const at::Tensor& p, const at::Tensor& labels);

/// The temperature, from 1 to 19 as in the paper of uherding, at which a linear head is calibrated
/// best on samples that it was not trained on: features [n, d] finite, labels [n]. Each fifth of
/// the samples, drawn at random, is predicted by a head trained on the other four until its mean
/// loss is `loss` there: a head that is as sure of its training samples as the network whose
/// temperature is sought. Of temperatures of equal error the lowest. O(n d C), times at most 1500
/// steps of gradient descent.
double held_out_temperature(const at::Tensor& features, const std::vector<std::int64_t>& labels,
                            std::int64_t n_classes, double loss, RngStream& rng);

}  // namespace al_mpi
