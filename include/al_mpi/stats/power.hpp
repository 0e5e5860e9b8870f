#pragma once

#include <cstddef>

namespace al_mpi {

struct PowerOptions {
  double alpha = 0.05;  ///< two-sided
  double power = 0.8;   ///< chance to find the difference
};

/// Power of a paired t-test over n seeds whose differences have mean `difference` and standard
/// deviation `std` (noncentral t). n >= 2.
double paired_t_power(std::size_t n, double difference, double std, double alpha);

/// The fewest seeds that give the wanted power; at least 2. NaN where `std` is NaN or 0.
/// Reference: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), sec. 2.3.
double seeds_needed(double difference, double std, const PowerOptions& options = {});

}  // namespace al_mpi
