// dgrad_implicit_gemm_mma: dgrad_implicit_gemm on tensor cores. Rows are input positions over the
// whole batch, columns input channels, k runs over (tap, output channel) in vectors of 16 bytes of
// channels. Taps that fall outside of the output are multiplied as zeros.
#include "kernels/detail/gather_mma.h"

namespace tconv {

TCONV_REGISTER_STRATEGY({
    .name = "dgrad_implicit_gemm_mma",
    .op = Op::dgrad,
    .summary = "dgrad_implicit_gemm on tensor cores, operands staged by asynchronous copies",
    .supports = [](const Problem& p,
                   const Config& c) { return detail::refuse_gather_mma(Op::dgrad, p, c); },
    .macs_executed = [](const Problem& p,
                        const Config& c) { return detail::gather_mma_macs(Op::dgrad, p, c); },
    .prepare = [](const Call& call) { return detail::prepare_gather_mma(Op::dgrad, call); },
    .launch = [](const Call& call) { detail::launch_gather_mma(Op::dgrad, call); },
})

}  // namespace tconv
