// resize_nearest_conv: what a framework runs for resize-then-convolve. One launch writes the
// resized tensor, stride^rank times as large as x, another convolves it.
#include "kernels/detail/same_conv.cuh"

namespace tconv {
namespace {

void launch(const Call& call) {
  detail::launch_resize<detail::NearestPixel>(call);
  detail::launch_stored_conv(call, Op::resize_nearest);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "resize_nearest_conv",
    .op = Op::resize_nearest,
    .summary = "nearest resize in a launch of its own, then a direct stride-1 convolution",
    .supports = detail::refuse_resized,
    .workspace = detail::resized_bytes,
    .macs_executed = [](const Problem& p,
                        const Config&) { return macs_needed(Op::resize_nearest, p); },
    .launch = launch,
})

}  // namespace tconv
