#pragma once

namespace al_mpi {

/// When the batch system ends this job, in seconds since 1970; infinite where it does not say, or
/// says something that makes no sense (told by a line). Throws ConfigError where the whole job is
/// no longer than `drain_margin` seconds: nothing would ever be begun.
double job_end(double drain_margin);

}  // namespace al_mpi
