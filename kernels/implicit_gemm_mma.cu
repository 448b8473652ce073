// implicit_gemm_mma: implicit_gemm on tensor cores. One GEMM per phase, all in one launch, none of
// its operands materialised: rows are the outputs of a phase over the whole batch, columns output
// channels, k runs over (tap of the phase, input channel) in vectors of 16 bytes of channels.
#include "kernels/detail/gather_mma.h"

namespace tconv {

TCONV_REGISTER_STRATEGY({
    .name = "implicit_gemm_mma",
    .summary = "implicit_gemm on tensor cores, operands staged by asynchronous copies",
    .supports = [](const Problem& p,
                   const Config& c) { return detail::refuse_gather_mma(Op::fprop, p, c); },
    .macs_executed = [](const Problem& p,
                        const Config& c) { return detail::gather_mma_macs(Op::fprop, p, c); },
    .prepare = [](const Call& call) { return detail::prepare_gather_mma(Op::fprop, call); },
    .launch = [](const Call& call) { detail::launch_gather_mma(Op::fprop, call); },
})

}  // namespace tconv
