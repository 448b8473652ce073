// The second half of the matrix view, whoever multiplied: columns hold every input's contribution
// through every tap, col2im adds up, per output, the ones that belong to it. No atomics.
//
// Columns are floats, for each sample and group [oc*taps][i] in nchw, [i][taps*oc] in nhwc: i an
// input position, oc the output channels of the group.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Empty, or why columns cannot be numbered or added up; only for problems that
/// index_limit_reason() lets pass.
std::string refuse_columns(const Problem&, Layout);

/// Samples whose columns are in the workspace at a time; the batch is taken in parts so large.
int64_t samples_at_once(const Problem&);

/// Bytes of call.workspace that through_columns() wants.
int64_t columns_workspace(const Problem&);

/// Enqueues, for each part of the batch, `multiply`(call, first sample, samples), which is to write
/// their columns to call.workspace, then col2im with the epilogue.
void through_columns(const Call&,
                     const std::function<void(const Call&, int64_t, int64_t)>& multiply);

}  // namespace tconv::detail
