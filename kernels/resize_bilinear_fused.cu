// resize_bilinear_fused: the convolution interpolates its pixels from x, again for every tap and
// tile of output channels: arithmetic instead of a tensor in memory.
#include "kernels/detail/same_conv.cuh"

namespace tconv {
namespace {

/// Each multiply-add of a tile's convolution shares one interpolation.
int64_t macs_executed(const Problem& p, const Config&) {
  const int64_t convolution = macs_needed(Op::resize_nearest, p);
  return convolution + convolution / detail::channel_tile(p.oc_per_group()) * detail::corners(p);
}

void launch(const Call& call) {
  detail::launch_same_conv<detail::LinearPixel>(call, Op::resize_bilinear, call.x);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "resize_bilinear_fused",
    .op = Op::resize_bilinear,
    .summary = "a direct stride-1 convolution that interpolates its pixels from x as it goes",
    .supports = detail::refuse_fused,
    .macs_executed = macs_executed,
    .launch = launch,
})

}  // namespace tconv
