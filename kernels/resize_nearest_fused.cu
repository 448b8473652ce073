// resize_nearest_fused: the convolution looks its pixels up in x itself; nothing is materialised.
#include "kernels/detail/same_conv.cuh"

namespace tconv {
namespace {

void launch(const Call& call) {
  detail::launch_same_conv<detail::NearestPixel>(call, Op::resize_nearest, call.x);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "resize_nearest_fused",
    .op = Op::resize_nearest,
    .summary = "a direct stride-1 convolution that computes where the resized pixels lie in x",
    .supports = detail::refuse_fused,
    .macs_executed = [](const Problem& p,
                        const Config&) { return macs_needed(Op::resize_nearest, p); },
    .launch = launch,
})

}  // namespace tconv
