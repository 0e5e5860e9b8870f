#pragma once

// Included before all else, to compile the kernels without prefetching.
#include <immintrin.h>
#undef _mm_prefetch
#define _mm_prefetch(address, hint) ((void)(address))
