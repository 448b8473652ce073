// pixel_shuffle_fused: the sub-pixel convolution writes its results where the shuffle would put
// them.
#include "kernels/detail/sub_pixel.cuh"

namespace tconv {

TCONV_REGISTER_STRATEGY({
    .name = "pixel_shuffle_fused",
    .op = Op::pixel_shuffle,
    .summary = "a direct convolution at input resolution that stores in shuffled order",
    .supports = detail::refuse_fused,
    .macs_executed = [](const Problem& p,
                        const Config&) { return macs_needed(Op::pixel_shuffle, p); },
    .launch = [](const Call& call) { detail::launch_sub_pixel<true>(call); },
})

}  // namespace tconv
