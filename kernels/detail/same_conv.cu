#include "kernels/detail/same_conv.cuh"

namespace tconv::detail {

void launch_stored_conv(const Call& call, Op op) {
  launch_same_conv<StoredPoint>(call, op, call.workspace, call.problem.out_spatial());
}

}  // namespace tconv::detail
