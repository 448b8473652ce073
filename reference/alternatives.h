// What is recommended instead of a transposed convolution against checkerboards, at equal output
// size and with the same weights: resize then convolve, and the sub-pixel convolution.
#pragma once

#include <span>
#include <string>

#include "reference/conv_transpose.h"
#include "reference/problem.h"

namespace tconv {

// resize_nearest, resize_bilinear: x is resized from in to out along every axis, then convolved at
// stride 1:
//   y[oc][o] = sum over ic, t of r[ic][o + t*dilation - lo] * w[ic][oc][t],  r = 0 outside [0, out)
// with lo = floor(dilation*(kernel-1)/2) ("same" padding). Stride and crop of the problem only say
// how large `out` is. Output o of a resize has its centre at (o + 1/2)*in/out of the input, the
// half-pixel rule: nearest takes the input whose cell holds that point (PyTorch's interpolate,
// mode "nearest-exact"), bilinear (linear, trilinear) weighs the two inputs per axis whose centres
// are around it, clamped at the border (align_corners=false).
//
// pixel_shuffle: a stride-1 convolution at input resolution with oc*stride^rank channels, then
// depth to space. Needs kernel % stride = 0, dilation 1 and out = in*stride, so that weights and
// bytes are those of the transposed convolution: along each axis tap t = j*stride + r is tap j of
// the J = kernel/stride taps of phase r,
//   y[oc][i*stride + r] = sum over ic, j of x[ic][i + j - lo] * w[ic][oc][j*stride + r],
// with lo = floor((J-1)/2).

bool is_alternative(Op);

/// Empty, or why the problem has no such alternative, one line.
std::string inapplicable(Op, const Problem&);

/// Low-end "same" padding of an axis of this op, in pixels of what is convolved.
int64_t same_padding(Op, const Axis&);

/// Exact multiply-adds of one application of any op. Taps outside of the tensor are not counted;
/// resize_bilinear adds one multiply-add per corner of every resized element that a tap reads,
/// where there is anything to interpolate. The oracles of an op count as many terms per output as
/// it has products.
int64_t macs_needed(Op, const Problem&);

/// The alternative by its definition, per output. Throws ProblemError if inapplicable. terms counts
/// roundings: of resize_bilinear three more per axis (weight, product, sum).
OracleResult alternative_gather_oracle(Op, const Problem&, std::span<const float> x,
                                       std::span<const float> w);
/// The same from the input's side: where does this input go? Shares no index code with the other.
OracleResult alternative_scatter_oracle(Op, const Problem&, std::span<const float> x,
                                        std::span<const float> w);

}  // namespace tconv
