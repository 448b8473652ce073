#include "kernels/vendor/columns_gemm.h"

namespace tconv::cublas {
namespace {

/// Elements from one sample, and from one group, to the next.
struct Steps {
  int64_t sample, group;
};

void split(Operand& operand, const Steps& steps, bool samples_are_items) {
  operand.item_stride = samples_are_items ? steps.sample : steps.group;
  operand.loop_stride = samples_are_items ? steps.group : steps.sample;
}

}  // namespace

ColumnsGemm plan_columns(const Problem& p, Layout layout, int64_t samples) {
  const bool last = layout == Layout::nhwc;
  const int64_t positions = p.in_spatial(), ic = p.ic_per_group();
  const int64_t contributions = p.oc_per_group() * p.taps();

  ColumnsGemm gemm;
  gemm.k = ic;
  gemm.weights_first = last;
  gemm.w.leading = contributions;  // [ic][contributions] in both layouts
  if (last) {
    gemm.m = gemm.columns.leading = contributions;
    gemm.n = positions;
    gemm.x.leading = p.in_channels;
  } else {
    gemm.m = gemm.columns.leading = gemm.x.leading = positions;
    gemm.n = contributions;
    gemm.w.transposed = true;
  }
  if (last && p.groups == 1) {
    gemm.n *= samples;
    samples = 1;
  }

  const bool samples_are_items = samples >= p.groups;
  gemm.items = samples_are_items ? samples : p.groups;
  gemm.loops = samples_are_items ? p.groups : samples;
  split(gemm.x, {p.in_channels * positions, last ? ic : ic * positions}, samples_are_items);
  split(gemm.w, {0, ic * contributions}, samples_are_items);
  split(gemm.columns, {p.groups * contributions * positions, contributions * positions},
        samples_are_items);
  return gemm;
}

}  // namespace tconv::cublas
