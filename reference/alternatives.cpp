#include "reference/alternatives.h"

#include <algorithm>
#include <cstdlib>

#include "reference/checked.h"

namespace tconv {
namespace {

/// (tap, output) pairs of a stride-1 "same" convolution of `size` pixels whose input exists.
int64_t same_pairs(int64_t size, int64_t kernel, int64_t dilation, int64_t padding) {
  int64_t pairs = 0;
  for (int64_t t = 0; t < kernel; ++t)
    pairs += std::max<int64_t>(0, size - std::abs(t * dilation - padding));
  return pairs;
}

int64_t axis_pairs(Op op, const Axis& a) {
  const int64_t lo = same_padding(op, a);
  return op == Op::pixel_shuffle ? a.stride * same_pairs(a.in, a.kernel / a.stride, 1, lo)
                                 : same_pairs(a.out, a.kernel, a.dilation, lo);
}

/// Resized pixels that any tap reads: at large dilations, not all.
int64_t pixels_read(const Axis& a) {
  int64_t read = 0, end = 0;  // pixels below `end` are counted
  for (int64_t t = 0; t < a.kernel; ++t) {
    const int64_t first = t * a.dilation - same_padding(Op::resize_bilinear, a);
    const int64_t last = std::min(first + a.out, a.out);
    read += std::max<int64_t>(0, last - std::max(first, end));
    end = std::max(end, last);
  }
  return read;
}

int64_t interpolation_macs(const Problem& p) {
  int64_t pixels = p.batch * p.in_channels, corners = 1;
  for (const Axis& a : p.axes) {
    pixels = checked_mul(pixels, pixels_read(a), "interpolation");
    corners *= a.in == 1 || a.in == a.out ? 1 : 2;
  }
  return corners == 1 ? 0 : checked_mul(pixels, corners, "interpolation");
}

}  // namespace

bool is_alternative(Op op) {
  return op == Op::resize_nearest || op == Op::resize_bilinear || op == Op::pixel_shuffle;
}

std::string inapplicable(Op op, const Problem& p) {
  if (op != Op::pixel_shuffle) return {};
  for (size_t axis = 0; axis < 3; ++axis) {
    const Axis& a = p.axes[axis];
    const std::string where = std::string(" along ") + "dhw"[axis];
    if (a.dilation != 1) return "pixel_shuffle" + where + ": has no dilation";
    if (a.kernel % a.stride != 0) {
      return "pixel_shuffle" + where + ": kernel " + std::to_string(a.kernel) +
             " must be a multiple of the stride " + std::to_string(a.stride);
    }
    if (a.out != a.in * a.stride) {
      return "pixel_shuffle" + where + ": gives " + std::to_string(a.in * a.stride) +
             " outputs, the problem has " + std::to_string(a.out);
    }
  }
  return {};
}

int64_t same_padding(Op op, const Axis& a) {
  return op == Op::pixel_shuffle ? (a.kernel / a.stride - 1) / 2 : a.dilation * (a.kernel - 1) / 2;
}

int64_t macs_needed(Op op, const Problem& p) {
  if (!is_alternative(op)) return p.macs_needed();
  int64_t macs = p.batch * p.in_channels * p.oc_per_group();
  for (const Axis& a : p.axes) macs = checked_mul(macs, axis_pairs(op, a), "multiply-adds");
  return op == Op::resize_bilinear ? checked_add(macs, interpolation_macs(p), "multiply-adds")
                                   : macs;
}

}  // namespace tconv
