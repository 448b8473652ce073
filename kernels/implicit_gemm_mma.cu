// implicit_gemm_mma: implicit_gemm on tensor cores. One GEMM per phase, all in one launch, none of
// its operands materialised: rows are the outputs of a phase over the whole batch, columns output
// channels, k runs over (tap of the phase, input channel) in vectors of 16 bytes of channels.
#include "kernels/detail/gather_mma.h"

namespace tconv {

TCONV_REGISTER_STRATEGY(detail::gather_mma_strategy(
    detail::GatherMode::phases, "implicit_gemm_mma",
    "implicit_gemm on tensor cores, operands staged by asynchronous copies"))

}  // namespace tconv
