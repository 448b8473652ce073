// resize_bilinear_conv: linear, bilinear or trilinear resize by rank in one launch, the convolution
// in another.
#include "kernels/detail/same_conv.cuh"

namespace tconv {
namespace {

/// Every resized element is interpolated once; the convolution is that of the nearest resize.
int64_t macs_executed(const Problem& p, const Config&) {
  return macs_needed(Op::resize_nearest, p) +
         p.batch * p.in_channels * p.out_spatial() * detail::corners(p);
}

void launch(const Call& call) {
  detail::launch_resize<detail::LinearPixel>(call);
  detail::launch_stored_conv(call, Op::resize_bilinear);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "resize_bilinear_conv",
    .op = Op::resize_bilinear,
    .summary = "bilinear resize in a launch of its own, then a direct stride-1 convolution",
    .supports = detail::refuse_resized,
    .workspace = detail::resized_bytes,
    .macs_executed = macs_executed,
    .launch = launch,
})

}  // namespace tconv
