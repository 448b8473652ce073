// The modes of gather_mma.
#pragma once

namespace tconv::detail {

/// How outputs become rows and columns of the product.
enum class GatherMode {
  phases,   ///< fprop: rows are outputs of one phase, columns channels
  joined,   ///< fprop without dilation: rows are stride^D neighbouring outputs, which read the same
            ///< inputs, columns (which of them, channel)
  backward  ///< dgrad: rows are inputs, columns channels
};

}  // namespace tconv::detail
