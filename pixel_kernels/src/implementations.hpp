#pragma once

#include <pixel_kernels/convolution.hpp>
#include <pixel_kernels/layout.hpp>
#include <pixel_kernels/normalization.hpp>
#include <pixel_kernels/pooling.hpp>

// Declares the public kernels once for each implementation; dispatch.cpp calls those of the level.

namespace pixel_kernels::portable {
#include "declarations.inc"
}

namespace pixel_kernels::avx512 {
#include "declarations.inc"
}
