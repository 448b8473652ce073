// polyphase: the gcd split. Outputs that share a residue modulo the stride share their taps; each
// such phase is a dense stride-1 convolution with its own small kernel, and one launch computes all
// of them, interleaved. Repacking the weights by phase is `prepare`.
#include "kernels/detail/polyphase.h"

namespace tconv {

TCONV_REGISTER_STRATEGY({
    .name = "polyphase",
    .summary = "one dense stride-1 convolution per phase of the outputs, all in one launch",
    .supports = [](const Problem& p,
                   const Config& c) { return detail::refuse_phases(p, c, /*in_one_launch=*/true); },
    .macs_executed = [](const Problem& p, const Config&) { return detail::phase_macs(p); },
    .prepare = detail::prepare_phases,
    .launch =
        [](const Call& call) { detail::launch_phases(call, 0, detail::phases(call.problem)); },
})

}  // namespace tconv
