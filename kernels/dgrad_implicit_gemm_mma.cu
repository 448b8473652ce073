// dgrad_implicit_gemm_mma: dgrad_implicit_gemm on tensor cores. Rows are input positions over the
// whole batch, columns input channels, k runs over (tap, output channel) in vectors of 16 bytes of
// channels. Taps that fall outside of the output are multiplied as zeros.
#include "kernels/detail/gather_mma.h"

namespace tconv {

TCONV_REGISTER_STRATEGY(detail::gather_mma_strategy(
    detail::GatherMode::backward, "dgrad_implicit_gemm_mma",
    "dgrad_implicit_gemm on tensor cores, operands staged by asynchronous copies"))

}  // namespace tconv
