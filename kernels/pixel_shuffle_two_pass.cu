// pixel_shuffle_two_pass: what a framework runs. A convolution with stride^rank times as many
// channels, then depth to space: y is written, read and written again.
#include "kernels/detail/sub_pixel.cuh"

namespace tconv {
namespace {

void launch(const Call& call) {
  detail::launch_sub_pixel<false>(call);
  detail::launch_shuffle(call);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "pixel_shuffle_two_pass",
    .op = Op::pixel_shuffle,
    .summary = "a direct convolution with stride^rank times the channels, then depth to space",
    .supports = [](const Problem& p,
                   const Config& c) { return detail::refuse_pair(p, c, p.out_channels); },
    .workspace = [](const Problem& p, const Config& c) { return p.y_size() * size_of(c.dtype); },
    .macs_executed = [](const Problem& p,
                        const Config&) { return macs_needed(Op::pixel_shuffle, p); },
    .launch = launch,
})

}  // namespace tconv
