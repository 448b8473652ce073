#include "kernels/detail/same_conv.cuh"

namespace tconv::detail {

void launch_stored_conv(const Call& call, Op op) {
  launch_same_conv<StoredPixel>(call, op, call.workspace);
}

}  // namespace tconv::detail
