#include "bench/tensor.h"

#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace tconv::bench {
namespace {

TensorShape shape_of(const Problem& problem, int64_t outer, int64_t channels,
                     int64_t Axis::*extent) {
  TensorShape shape{outer, channels, 1, {outer, channels}};
  for (size_t axis = 3 - static_cast<size_t>(problem.rank); axis < 3; ++axis) {
    shape.dims.push_back(problem.axes[axis].*extent);
    shape.spatial *= problem.axes[axis].*extent;
  }
  return shape;
}

/// Calls visit(logical index, stored index) for every element.
template <class Visit>
void for_each_element(const TensorShape& shape, Layout layout, Visit&& visit) {
  int64_t logical = 0;
  for (int64_t n = 0; n < shape.outer; ++n) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t s = 0; s < shape.spatial; ++s, ++logical) {
        const int64_t channels_last = (n * shape.spatial + s) * shape.channels + c;
        visit(static_cast<size_t>(logical),
              static_cast<size_t>(layout == Layout::nhwc ? channels_last : logical));
      }
    }
  }
}

template <class Stored, class Narrow>
std::vector<std::byte> encode_as(std::span<const float> logical, const TensorShape& shape,
                                 Layout layout, Narrow narrow) {
  std::vector<std::byte> bytes(logical.size() * sizeof(Stored));
  for_each_element(shape, layout, [&](size_t from, size_t to) {
    const Stored value = narrow(logical[from]);
    std::memcpy(bytes.data() + to * sizeof(Stored), &value, sizeof(Stored));
  });
  return bytes;
}

template <class Stored, class Widen>
std::vector<float> decode_as(std::span<const std::byte> stored, const TensorShape& shape,
                             Layout layout, Widen widen) {
  std::vector<float> logical(stored.size() / sizeof(Stored));
  for_each_element(shape, layout, [&](size_t to, size_t from) {
    Stored value;
    std::memcpy(&value, stored.data() + from * sizeof(Stored), sizeof(Stored));
    logical[to] = widen(value);
  });
  return logical;
}

}  // namespace

TensorShape x_shape(const Problem& p) { return shape_of(p, p.batch, p.in_channels, &Axis::in); }
TensorShape w_shape(const Problem& p) {
  return shape_of(p, p.in_channels, p.oc_per_group(), &Axis::kernel);
}
TensorShape y_shape(const Problem& p) { return shape_of(p, p.batch, p.out_channels, &Axis::out); }

Tensor output_of(Op op) {
  switch (op) {
    case Op::fprop:
    case Op::resize_nearest:
    case Op::resize_bilinear:
    case Op::pixel_shuffle:
      return Tensor::y;
    case Op::dgrad:
      return Tensor::x;
    case Op::wgrad:
      return Tensor::w;
  }
  return Tensor::y;
}

TensorShape shape_of(const Problem& problem, Tensor tensor) {
  switch (tensor) {
    case Tensor::x:
      return x_shape(problem);
    case Tensor::w:
      return w_shape(problem);
    case Tensor::y:
      return y_shape(problem);
  }
  return {};
}

std::vector<std::byte> encode(std::span<const float> logical, const TensorShape& shape,
                              const Config& config) {
  switch (config.dtype) {
    case DType::f16:
      return encode_as<__half>(logical, shape, config.layout, __float2half_rn);
    case DType::bf16:
      return encode_as<__nv_bfloat16>(logical, shape, config.layout, __float2bfloat16_rn);
    case DType::f32:
    case DType::tf32:
      break;
  }
  return encode_as<float>(logical, shape, config.layout, [](float value) { return value; });
}

std::vector<float> decode(std::span<const std::byte> stored, const TensorShape& shape,
                          const Config& config) {
  switch (config.dtype) {
    case DType::f16:
      return decode_as<__half>(stored, shape, config.layout,
                               [](__half v) { return __half2float(v); });
    case DType::bf16:
      return decode_as<__nv_bfloat16>(stored, shape, config.layout,
                                      [](__nv_bfloat16 v) { return __bfloat162float(v); });
    case DType::f32:
    case DType::tf32:
      break;
  }
  return decode_as<float>(stored, shape, config.layout, [](float value) { return value; });
}

}  // namespace tconv::bench
