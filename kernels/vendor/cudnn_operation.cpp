#include "kernels/vendor/cudnn_operation.h"

#include <algorithm>
#include <array>
#include <span>

namespace tconv::cudnn {
namespace {

using Dims = std::vector<int64_t>;

/// How cuDNN names the three tensors of each direction. `big` is our y, `small` is our x.
struct Row {
  Op op;
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t convolution, alpha, beta, small, weights, big;
};
constexpr std::array<Row, 3> kRows{{
    {Op::fprop, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX},
    {Op::dgrad, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X},
    {Op::wgrad, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X},
}};

/// Indexed by DType. TF32 is a way to compute on f32 data: plans differ, the operation does not.
constexpr std::array kDataType{CUDNN_DATA_FLOAT, CUDNN_DATA_FLOAT, CUDNN_DATA_HALF,
                               CUDNN_DATA_BFLOAT16};

std::span<const Axis> axes_of(const Problem& p) {
  return std::span(p.axes).last(static_cast<size_t>(p.rank));
}

template <class Get>
Dims per_axis(const Problem& p, Get get) {
  Dims values;
  for (const Axis& axis : axes_of(p)) values.push_back(get(axis));
  return values;
}

Dims shape(int64_t outer, int64_t channels, const Dims& spatial) {
  Dims dims{outer, channels};
  dims.insert(dims.end(), spatial.begin(), spatial.end());
  return dims;
}

/// Dense strides of a tensor given as outer, channels, spatial...; channels innermost for nhwc.
Dims strides(const Dims& dims, Layout layout) {
  Dims result(dims.size());
  int64_t step = 1;
  const auto take = [&](size_t axis) {
    result[axis] = step;
    step *= dims[axis];
  };
  if (layout == Layout::nhwc) take(1);
  for (size_t axis = dims.size(); axis-- > 2;) take(axis);
  if (layout == Layout::nchw) take(1);
  take(0);
  return result;
}

Descriptor tensor(TensorId id, const Dims& dims, const Config& config) {
  Descriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  d.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, static_cast<int64_t>(id));
  d.set(CUDNN_ATTR_TENSOR_DATA_TYPE, kDataType[static_cast<size_t>(config.dtype)]);
  d.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kTensorAlignment);
  d.set_all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, dims);
  d.set_all<int64_t>(CUDNN_ATTR_TENSOR_STRIDES, strides(dims, config.layout));
  d.finalize("cuDNN tensor");
  return d;
}

/// The convolution's output size is rounded down, so several post-paddings mean the same problem.
/// The symmetric one, if it is among them, is the one that most engines accept.
int64_t post_padding(const Axis& a) {
  const bool symmetric = a.crop_hi() <= a.crop_lo && a.crop_lo < a.crop_hi() + a.stride;
  return symmetric ? a.crop_lo : std::max<int64_t>(a.crop_hi(), 0);
}

Descriptor convolution(const Problem& p) {
  Descriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  const auto set = [&](cudnnBackendAttributeName_t name, auto get) {
    d.set_all<int64_t>(name, per_axis(p, get));
  };
  d.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{p.rank});
  d.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
  d.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
  set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, [](const Axis& a) { return a.stride; });
  set(CUDNN_ATTR_CONVOLUTION_DILATIONS, [](const Axis& a) { return a.dilation; });
  set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, [](const Axis& a) { return a.crop_lo; });
  set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, post_padding);
  d.finalize("cuDNN convolution");
  return d;
}

/// The rules that cuDNN states least clearly, in our words. Anything else it says itself.
std::string broken_rule(const Problem& p) {
  if (p.batch == 0) return "cuDNN has no tensors of batch 0";
  const auto axes = axes_of(p);
  for (size_t i = 0; i < axes.size(); ++i) {
    const std::string axis(1, "dhw"[3 - axes.size() + i]);
    const Axis& a = axes[i];
    if (-a.crop_hi() >= a.stride)
      return "cuDNN needs output padding < stride: " + std::to_string(-a.crop_hi()) +
             " rows appended at s" + axis + std::to_string(a.stride);
  }
  return {};
}

}  // namespace

Operation::Operation(Op op, const Problem& p, const Config& config) {
  const auto in = per_axis(p, [](const Axis& a) { return a.in; });
  const auto out = per_axis(p, [](const Axis& a) { return a.out; });
  const auto kernel = per_axis(p, [](const Axis& a) { return a.kernel; });
  tensors_.push_back(tensor(TensorId::x, shape(p.batch, p.in_channels, in), config));
  tensors_.push_back(tensor(TensorId::w, shape(p.in_channels, p.oc_per_group(), kernel), config));
  tensors_.push_back(tensor(TensorId::y, shape(p.batch, p.out_channels, out), config));
  convolution_ = convolution(p);

  const Row& row =
      *std::find_if(kRows.begin(), kRows.end(), [op](const Row& r) { return r.op == op; });
  operation_ = Descriptor(row.type);
  operation_.set(row.small, tensors_[0]);
  operation_.set(row.weights, tensors_[1]);
  operation_.set(row.big, tensors_[2]);
  operation_.set(row.convolution, convolution_);
  operation_.set(row.alpha, 1.0F);
  operation_.set(row.beta, 0.0F);
  operation_.finalize("cuDNN cannot express this problem");
}

std::string inexpressible(Op op, const Problem& problem, const Config& config) {
  if (std::string reason = broken_rule(problem); !reason.empty()) return reason;
  try {
    Operation(op, problem, config);
  } catch (const Error& error) {
    const int category = CUDNN_STATUS_CATEGORY(error.status);
    if (category == CUDNN_STATUS_BAD_PARAM || category == CUDNN_STATUS_NOT_SUPPORTED)
      return error.what();
    throw;  // a failure says nothing of the problem
  }
  return {};
}

}  // namespace tconv::cudnn
