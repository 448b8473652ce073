// cuDNN's own shape rule, which runs on the host: the convolution whose gradient a layer is must
// turn y's shape into x's.
#include <cudnn.h>
#include <gtest/gtest.h>

#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

#define ASSERT_CUDNN(call) ASSERT_EQ(call, CUDNN_STATUS_SUCCESS)

/// Axes as cuDNN takes them: at least two, so a 1-D layer has a height of 1.
template <class Get>
std::vector<int> per_axis(const Problem& p, const Get& get) {
  std::vector<int> v;
  for (int axis = 3 - std::max(p.rank, 2); axis < 3; ++axis)
    v.push_back(static_cast<int>(get(p.axes[static_cast<size_t>(axis)])));
  return v;
}

std::vector<int> with_front(int a, int b, const std::vector<int>& rest) {
  std::vector<int> v{a, b};
  v.insert(v.end(), rest.begin(), rest.end());
  return v;
}

class CudnnShapes : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_CUDNN(cudnnCreateTensorDescriptor(&tensor_));
    ASSERT_CUDNN(cudnnCreateFilterDescriptor(&filter_));
    ASSERT_CUDNN(cudnnCreateConvolutionDescriptor(&convolution_));
  }
  void TearDown() override {
    cudnnDestroyConvolutionDescriptor(convolution_);
    cudnnDestroyFilterDescriptor(filter_);
    cudnnDestroyTensorDescriptor(tensor_);
  }

  /// The shape that the forward convolution makes of y.
  void forward_shape(const Problem& p, std::vector<int>& shape) {
    const auto out = per_axis(p, [](const Axis& a) { return a.out; });
    const auto pad = per_axis(p, [](const Axis& a) { return a.crop_lo; });
    const auto stride = per_axis(p, [](const Axis& a) { return a.stride; });
    const auto dilation = per_axis(p, [](const Axis& a) { return a.dilation; });
    const auto y = with_front(static_cast<int>(p.batch), static_cast<int>(p.out_channels), out);
    const auto w = with_front(static_cast<int>(p.in_channels), static_cast<int>(p.oc_per_group()),
                              per_axis(p, [](const Axis& a) { return a.kernel; }));
    const int dims = static_cast<int>(y.size());
    std::vector<int> strides(y.size(), 1);
    for (size_t k = y.size() - 1; k > 0; --k) strides[k - 1] = strides[k] * y[k];
    ASSERT_CUDNN(
        cudnnSetTensorNdDescriptor(tensor_, CUDNN_DATA_FLOAT, dims, y.data(), strides.data()));
    ASSERT_CUDNN(
        cudnnSetFilterNdDescriptor(filter_, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, dims, w.data()));
    ASSERT_CUDNN(cudnnSetConvolutionNdDescriptor(convolution_, dims - 2, pad.data(), stride.data(),
                                                 dilation.data(), CUDNN_CROSS_CORRELATION,
                                                 CUDNN_DATA_FLOAT));
    ASSERT_CUDNN(cudnnSetConvolutionGroupCount(convolution_, static_cast<int>(p.groups)));
    shape.assign(y.size(), -1);
    ASSERT_CUDNN(
        cudnnGetConvolutionNdForwardOutputDim(convolution_, tensor_, filter_, dims, shape.data()));
  }

  cudnnTensorDescriptor_t tensor_ = nullptr;
  cudnnFilterDescriptor_t filter_ = nullptr;
  cudnnConvolutionDescriptor_t convolution_ = nullptr;
};

TEST_F(CudnnShapes, ForwardConvolutionOfYHasTheShapeOfX) {
  test::Random random(30);
  int with_output_padding = 0;
  for (int i = 0; i < 3000; ++i) {
    Problem p = test::random_problem(random);
    // What cuDNN's convolution can say: one crop for both ends, and an output padding below the
    // stride.
    bool possible = true;
    for (int axis = 3 - p.rank; axis < 3; ++axis) {
      Axis& a = p.axes[static_cast<size_t>(axis)];
      const int64_t padding = test::draw(random, 0, a.stride - 1);
      with_output_padding += padding > 0;
      a.out = a.full() - 2 * a.crop_lo + padding;
      possible = possible && a.out >= 1;
    }
    if (!possible) continue;
    p.validate();
    std::vector<int> shape;
    forward_shape(p, shape);
    ASSERT_EQ(shape, with_front(static_cast<int>(p.batch), static_cast<int>(p.in_channels),
                                per_axis(p, [](const Axis& a) { return a.in; })))
        << p.str();
    p.axes[2].out += p.axes[2].stride;  // the next size belongs to the next input size
    forward_shape(p, shape);
    ASSERT_EQ(shape.back(), p.axes[2].in + 1) << p.str();
  }
  EXPECT_GT(with_output_padding, 500);
}

}  // namespace
}  // namespace tconv
