// Problem: one transposed-convolution layer. Shape, text form, validation, exact work.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tconv {

/// The transposed convolution and its gradients; then what is used instead of it (alternatives.h).
enum class Op { fprop, dgrad, wgrad, resize_nearest, resize_bilinear, pixel_shuffle };
inline constexpr Op kOps[] = {Op::fprop,          Op::dgrad,           Op::wgrad,
                              Op::resize_nearest, Op::resize_bilinear, Op::pixel_shuffle};
enum class DType { f32, tf32, f16, bf16 };  // accumulation is always f32 or better
enum class Layout { nchw, nhwc };  // 1-D and 3-D analogues follow from the rank: ncw, ndhwc, ...
/// What happens to an fprop output before it is stored: y + bias[oc], then an activation. LeakyReLU
/// has the slope kLeakySlope.
enum class Epilogue { none, bias, bias_relu, bias_leaky_relu, bias_tanh };
inline constexpr float kLeakySlope = 0.2F;  // what DCGAN and its descendants train with

std::string_view to_string(Op);
std::string_view to_string(DType);
std::string_view to_string(Layout);
std::string_view to_string(Epilogue);
/// Inverse of to_string; throws ProblemError naming the accepted words.
Op parse_op(std::string_view);
DType parse_dtype(std::string_view);
Layout parse_layout(std::string_view);
Epilogue parse_epilogue(std::string_view);
int64_t size_of(DType);  ///< bytes of one stored element: 4, 4, 2, 2

/// Text that is not a descriptor, or a geometry that is not a layer. what() is one line: field,
/// value, rule.
struct ProblemError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// One spatial axis. y[o] += x[i] * w[t] for every (i, t) with o = i*stride - crop_lo + t*dilation,
/// 0 <= o < out.
struct Axis {
  int64_t in = 1;
  int64_t out = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;  ///< 1 = dense here (the descriptor's text is 0-based)
  int64_t crop_lo = 0;

  /// Extent before cropping: (in-1)*stride + dilation*(kernel-1) + 1.
  int64_t full() const { return (in - 1) * stride + dilation * (kernel - 1) + 1; }
  /// What is cut at the high end; negative: rows appended that no tap reaches (output padding).
  int64_t crop_hi() const { return full() - crop_lo - out; }
  /// Number of (i, t) pairs with 0 <= i*stride - crop_lo + t*dilation < out. Closed form over taps,
  /// O(kernel).
  int64_t valid_pairs() const;

  bool operator==(const Axis&) const = default;
};

struct Problem {
  int rank = 2;  ///< 1, 2 or 3
  int64_t batch = 2;
  int64_t groups = 1;
  int64_t in_channels = 1;   ///< total over groups
  int64_t out_channels = 1;  ///< total over groups
  /// Always three axes d, h, w. The first 3-rank are neutral (all sizes 1, crop 0), so a kernel can
  /// treat every problem as 3-D.
  std::array<Axis, 3> axes;
  std::string name;  ///< "model:layer" or empty; not part of the identity

  /// Parses benchdnn's --deconv grammar (see README "Descriptor"); validates. Throws ProblemError.
  static Problem parse(std::string_view text);
  /// Throws ProblemError on impossible geometry or on sizes that overflow int64. parse() calls it.
  void validate() const;
  /// Canonical descriptor without name; parses back to an equal problem.
  std::string str() const;
  /// Name if there is one, else str(): what a report prints.
  std::string label() const { return name.empty() ? str() : name; }

  // Element counts. x[batch][ic][id][ih][iw], w[ic][oc/groups][kd][kh][kw],
  // y[batch][oc][od][oh][ow].
  int64_t x_size() const;
  int64_t w_size() const;
  int64_t y_size() const;
  int64_t in_spatial() const { return axes[0].in * axes[1].in * axes[2].in; }
  int64_t out_spatial() const { return axes[0].out * axes[1].out * axes[2].out; }
  int64_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  int64_t ic_per_group() const { return in_channels / groups; }
  int64_t oc_per_group() const { return out_channels / groups; }
  bool depthwise() const { return groups > 1 && groups == in_channels; }

  // Work of one application (the same for fprop, dgrad and wgrad; of the alternatives:
  // macs_needed() in alternatives.h).
  int64_t macs_needed() const;  ///< multiply-adds whose (i, t) is valid: exact, borders excluded
  int64_t flops_needed() const { return 2 * macs_needed(); }
  int64_t flops_dense_input() const;  ///< every tap at every input: 2*batch*ic*oc/g*taps*in_spatial
  int64_t flops_dense_output() const;  ///< every tap at every output (what zero insertion executes)
  int64_t bytes_compulsory(DType) const;  ///< |x| + |w| + |y| once each, in bytes

  /// Shape class used to group results: "s1", "k=s", "k%s=0", "k%s!=0", "k<s", each axis alike or
  /// "mixed"; "depthwise" first.
  std::string shape_class() const;

  bool operator==(const Problem& other) const {
    return rank == other.rank && batch == other.batch && groups == other.groups &&
           in_channels == other.in_channels && out_channels == other.out_channels &&
           axes == other.axes;
  }
};

}  // namespace tconv
