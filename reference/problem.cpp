#include "reference/problem.h"

#include <algorithm>
#include <initializer_list>

#include "reference/checked.h"

namespace tconv {
namespace {

/// What is wrong with `axis`, as "<letter><name>: ..."; `letter` is its place in the key.
void validate_axis(const Axis& a, char letter) {
  const auto key = [&](char quantity, int64_t value) {
    return std::string{quantity, letter} + std::to_string(value);
  };
  const auto at_least = [&](char quantity, const char* what, int64_t value, int64_t least) {
    if (value < least) {
      throw ProblemError(key(quantity, value) + ": " + what + " must be at least " +
                         std::to_string(least));
    }
  };
  at_least('i', "input size", a.in, 1);
  at_least('k', "kernel size", a.kernel, 1);
  at_least('s', "stride", a.stride, 1);
  at_least('p', "low crop", a.crop_lo, 0);
  if (a.dilation < 1) {
    throw ProblemError(key('d', a.dilation - 1) + ": dilation must be at least 0 (0 is dense)");
  }
  const std::string extent = std::string("axis ") + letter + ": extent before cropping";
  const int64_t full =
      checked_add(checked_add(checked_mul(a.in - 1, a.stride, extent),
                              checked_mul(a.dilation, a.kernel - 1, extent), extent),
                  1, extent);
  at_least('o', "output size", a.out, 1);
  const int64_t crop_hi = checked_sub(full - a.crop_lo, a.out, extent);
  if (crop_hi >= 0) return;
  const int64_t output_padding = checked_sub(a.crop_lo, crop_hi, extent);
  const int64_t limit = std::max(a.stride, a.dilation);
  if (output_padding >= limit) {
    throw ProblemError(key('o', a.out) + ": output padding " + std::to_string(output_padding) +
                       " must be less than max(stride, dilation) = " + std::to_string(limit));
  }
}

int64_t product(std::initializer_list<int64_t> factors, const char* what) {
  int64_t result = 1;
  for (const int64_t f : factors) result = checked_mul(result, f, what);
  return result;
}

std::string axis_class(const Axis& a) {
  if (a.stride == 1) return "s1";
  if (a.kernel < a.stride) return "k<s";
  if (a.kernel == a.stride) return "k=s";
  return a.kernel % a.stride == 0 ? "k%s=0" : "k%s!=0";
}

}  // namespace

int64_t Axis::valid_pairs() const {
  int64_t pairs = 0;
  for (int64_t t = 0; t < kernel; ++t) {
    // 0 <= i*stride + at < out: i runs from ceil(-at/stride) to floor((out-1-at)/stride), within
    // the input.
    const int64_t at = t * dilation - crop_lo;
    if (at >= out) break;
    const int64_t first = at >= 0 ? 0 : (-at - 1) / stride + 1;
    const int64_t last = std::min(in - 1, (out - 1 - at) / stride);
    if (last >= first) pairs += last - first + 1;
  }
  return pairs;
}

void Problem::validate() const {
  if (rank < 1 || rank > 3) {
    throw ProblemError("rank " + std::to_string(rank) + ": must be 1, 2 or 3");
  }
  const auto at_least = [](const char* key, const char* what, int64_t value, int64_t least) {
    if (value < least) {
      throw ProblemError(key + std::to_string(value) + ": " + what + " must be at least " +
                         std::to_string(least));
    }
  };
  at_least("mb", "batch", batch, 0);
  at_least("g", "groups", groups, 1);
  at_least("ic", "input channels", in_channels, 1);
  at_least("oc", "output channels", out_channels, 1);
  const auto divides = [&](const char* key, const char* what, int64_t value) {
    if (value % groups != 0) {
      throw ProblemError(key + std::to_string(value) + ": " + what + " must be a multiple of g" +
                         std::to_string(groups));
    }
  };
  divides("ic", "input channels", in_channels);
  divides("oc", "output channels", out_channels);
  for (int a = 0; a < 3; ++a) {
    if (a < 3 - rank && axes[a] != Axis{}) {
      throw ProblemError(std::string("axis ") + "dhw"[a] + ": must be neutral in a " +
                         std::to_string(rank) + "-D problem");
    }
    validate_axis(axes[a], "dhw"[a]);
  }
  // Everything below is computed unchecked elsewhere; none of it may overflow. A batch of 0 must
  // not hide the rest.
  const int64_t n = std::max<int64_t>(batch, 1);
  const int64_t in = product({axes[0].in, axes[1].in, axes[2].in}, "input elements");
  const int64_t out = product({axes[0].out, axes[1].out, axes[2].out}, "output elements");
  const int64_t k = product({axes[0].kernel, axes[1].kernel, axes[2].kernel}, "weight elements");
  const int64_t x = product({n, in_channels, in}, "input elements");
  const int64_t y = product({n, out_channels, out}, "output elements");
  const int64_t w = product({in_channels, oc_per_group(), k}, "weight elements");
  product({checked_add(checked_add(x, w, "bytes"), y, "bytes"), size_of(DType::f32)}, "bytes");
  product({2, n, w, in}, "FLOPs over every input");
  product({2, n, w, out}, "FLOPs over every output");
}

int64_t Problem::x_size() const { return batch * in_channels * in_spatial(); }
int64_t Problem::w_size() const { return in_channels * oc_per_group() * taps(); }
int64_t Problem::y_size() const { return batch * out_channels * out_spatial(); }

int64_t Problem::macs_needed() const {
  return batch * in_channels * oc_per_group() * axes[0].valid_pairs() * axes[1].valid_pairs() *
         axes[2].valid_pairs();
}
int64_t Problem::flops_dense_input() const { return 2 * batch * w_size() * in_spatial(); }
int64_t Problem::flops_dense_output() const { return 2 * batch * w_size() * out_spatial(); }
int64_t Problem::bytes_compulsory(DType dtype) const {
  return (x_size() + w_size() + y_size()) * size_of(dtype);
}

std::string Problem::shape_class() const {
  if (depthwise()) return "depthwise";
  std::string common;
  for (const Axis& a : axes) {
    if (a.kernel == 1 && a.stride == 1) continue;  // leaves its axis as it is
    const std::string mine = axis_class(a);
    if (!common.empty() && common != mine) return "mixed";
    common = mine;
  }
  return common.empty() ? "s1" : common;
}

}  // namespace tconv
