// The columns of gemm_col2im (detail/col2im.h) as cuBLAS wants to be asked for them: matrices whose
// columns lie one after the other, c = op(a) * op(b).
#pragma once

#include <cstdint>

#include "kernels/strategy.h"

namespace tconv::cublas {

/// One operand of `loops` calls with `items` products each. Strides in elements; 0: the same matrix
/// for all.
struct Operand {
  int64_t leading = 0;      ///< elements between columns
  bool transposed = false;  ///< op(a) is what is stored, turned
  int64_t item_stride = 0;
  int64_t loop_stride = 0;
};

/// a has m rows after op, b has n columns after op, k is what they share; c is m x n.
struct ColumnsGemm {
  int64_t m = 0, n = 0, k = 0;
  bool weights_first = false;  ///< a is w and b is x, else the other way round
  Operand x, w, columns;
  int64_t items = 0, loops = 0;
};

/// For `samples` samples. Tensors are stored row by row, so every product here is the one that a
/// reader of rows sees, turned: columns' = x' * w in nchw, w' * x' in nhwc. Samples and groups are
/// the items and the loops, whichever is more being the items; where there is one group, the
/// samples of nhwc are simply more rows of x and of the columns.
ColumnsGemm plan_columns(const Problem&, Layout, int64_t samples);

}  // namespace tconv::cublas
