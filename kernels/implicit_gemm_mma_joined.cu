// implicit_gemm_mma_joined: implicit_gemm_mma with all phases in one GEMM. Without dilation, the
// stride^D outputs o with the same (o + crop) / stride read the same inputs, so they share a row,
// and columns are (which of them, output channel): inputs are read once instead of once per phase,
// and few channels fill a tile. Where the stride does not divide the kernel, phases with fewer taps
// are padded with zero weights.
#include "kernels/detail/gather_mma.h"

namespace tconv {

TCONV_REGISTER_STRATEGY(detail::gather_mma_strategy(
    detail::GatherMode::joined, "implicit_gemm_mma_joined",
    "implicit_gemm_mma with outputs of all phases side by side, so that inputs are read once"))

}  // namespace tconv
