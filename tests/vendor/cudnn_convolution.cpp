#include "tests/vendor/cudnn_convolution.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>

#include "tests/vendor/narrow.h"

namespace tconv::doubles {
namespace {

using Dims = std::vector<int64_t>;

int64_t product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

void demand_shape(bool holds, const std::string& why) {
  demand(holds, CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, why);
}

Dims integers(const Object& o, cudnnBackendAttributeName_t name) { return o.all<int64_t>(name); }

Tensor read_tensor(const Object& o) {
  return {o.one<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID),
          o.one<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT),
          o.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE),
          integers(o, CUDNN_ATTR_TENSOR_DIMENSIONS), integers(o, CUDNN_ATTR_TENSOR_STRIDES)};
}

/// Attributes of one kind of operation.
struct Names {
  cudnnBackendDescriptorType_t operation;
  Role computed;
  cudnnBackendAttributeName_t image, filter, response, convolution, alpha, beta;
};
constexpr std::array kNames{
    Names{CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, response,
          CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
          CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
          CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
    Names{CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, image,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
    Names{CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, filter,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
};

void demand_consistent(const Convolution& c) {
  const auto& [x, w, y] = c.tensors;
  const size_t axes = c.stride.size();
  for (const Tensor& t : c.tensors) {
    demand_shape(t.dims.size() == axes + 2, "a tensor's rank is not the convolution's");
    demand(t.type == x.type, CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "mixed data types");
  }
  demand(x.id != w.id && x.id != y.id && w.id != y.id, CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES,
         "two tensors have the same unique id");
  demand_shape(x.dims[0] == y.dims[0], "image and response differ in batch");
  demand_shape(x.dims[1] % w.dims[1] == 0, "the filter's channels do not divide the image's");
  demand_shape(w.dims[0] == y.dims[1], "filters and channels of the response differ");
  demand_shape(w.dims[0] % c.groups() == 0, "the groups do not divide the filters");
  for (size_t a = 0; a < axes; ++a) {
    const int64_t window = (w.dims[a + 2] - 1) * c.dilation[a] + 1;
    const int64_t room = x.dims[a + 2] + c.pre[a] + c.post[a] - window;
    demand_shape(room >= 0, "the window is larger than the padded image");
    demand_shape(y.dims[a + 2] == room / c.stride[a] + 1,
                 "axis " + std::to_string(a) + ": the response has " +
                     std::to_string(y.dims[a + 2]) + ", the formula gives " +
                     std::to_string(room / c.stride[a] + 1));
  }
}

/// One product, without batch and channels: offsets into the three tensors.
using Product = std::array<int64_t, 3>;

/// Every (o, r) along axis `a` whose image position exists.
std::vector<Product> along(const Convolution& c, size_t a) {
  const auto dim = [&](Role role) { return c.tensors[role].dims[a + 2]; };
  const auto step = [&](Role role) { return c.tensors[role].strides[a + 2]; };
  std::vector<Product> pairs;
  for (int64_t o = 0; o < dim(response); ++o) {
    for (int64_t r = 0; r < dim(filter); ++r) {
      const int64_t tap = c.turned ? dim(filter) - 1 - r : r;
      const int64_t i = o * c.stride[a] - c.pre[a] + tap * c.dilation[a];
      if (i < 0 || i >= dim(image)) continue;
      pairs.push_back({i * step(image), r * step(filter), o * step(response)});
    }
  }
  return pairs;
}

Product plus(const Product& a, const Product& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }

std::vector<Product> combined(const std::vector<Product>& a, const std::vector<Product>& b) {
  std::vector<Product> all;
  all.reserve(a.size() * b.size());
  for (const Product& p : a) {
    for (const Product& q : b) all.push_back(plus(p, q));
  }
  return all;
}

/// Every (n, k, c).
std::vector<Product> across(const Convolution& c) {
  const auto& [x, w, y] = c.tensors;
  const int64_t filters = w.dims[0] / c.groups(), channels = w.dims[1];
  std::vector<Product> all;
  for (int64_t n = 0; n < y.dims[0]; ++n) {
    for (int64_t k = 0; k < w.dims[0]; ++k) {
      for (int64_t i = 0; i < channels; ++i) {
        const int64_t channel = k / filters * channels + i;
        all.push_back({n * x.strides[0] + channel * x.strides[1],
                       k * w.strides[0] + i * w.strides[1], n * y.strides[0] + k * y.strides[1]});
      }
    }
  }
  return all;
}

/// sums += products, each addition rounded by `round`.
template <class Sum, class Round>
void add_up(const Convolution& c, bool backwards, const Values& values, std::vector<Sum>& sums,
            Round round) {
  std::vector<Product> outer = across(c), inner = along(c, 0);
  for (size_t a = 1; a < c.stride.size(); ++a) inner = combined(inner, along(c, a));
  if (backwards) {
    std::reverse(outer.begin(), outer.end());
    std::reverse(inner.begin(), inner.end());
  }
  const Role left = c.computed == image ? response : image;
  const Role right = c.computed == filter ? response : filter;
  for (const Product& from : outer) {
    for (const Product& by : inner) {
      const Product at = plus(from, by);
      const auto index = [&](Role role) { return static_cast<size_t>(at[role]); };
      Sum& sum = sums[index(c.computed)];
      sum = round(sum + static_cast<Sum>(values[left][index(left)] * values[right][index(right)]));
    }
  }
}

}  // namespace

int64_t Tensor::size() const { return product(dims); }

void check_tensor(const Object& o) {
  const Tensor t = read_tensor(o);
  demand_shape(t.dims.size() == t.strides.size(), "dimensions and strides differ in number");
  const auto positive = [](int64_t v) { return v > 0; };
  demand(std::all_of(t.dims.begin(), t.dims.end(), positive), CUDNN_STATUS_BAD_PARAM,
         "a dimension is not positive");
  int64_t last = 0;
  for (size_t i = 0; i < t.dims.size(); ++i) last += (t.dims[i] - 1) * t.strides[i];
  demand(std::all_of(t.strides.begin(), t.strides.end(), positive) && last + 1 == t.size(),
         CUDNN_STATUS_NOT_SUPPORTED_LAYOUT, "the double takes dense tensors only");
  demand(t.alignment > 0 && (t.alignment & (t.alignment - 1)) == 0, CUDNN_STATUS_BAD_PARAM,
         "an alignment that is no power of two");
}

void check_convolution(const Object& o) {
  const auto axes = static_cast<size_t>(o.one<int64_t>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS));
  const auto all = [&](cudnnBackendAttributeName_t name, int64_t least) {
    const Dims values = integers(o, name);
    demand_shape(values.size() == axes, "one value for each spatial dimension is wanted");
    demand(std::all_of(values.begin(), values.end(), [=](int64_t v) { return v >= least; }),
           CUDNN_STATUS_BAD_PARAM,
           "a value of attribute " + std::to_string(name) + " is below " + std::to_string(least));
  };
  all(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 1);
  all(CUDNN_ATTR_CONVOLUTION_DILATIONS, 1);
  all(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 0);
  all(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 0);
  demand(o.one<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE) == CUDNN_DATA_FLOAT,
         CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "the double computes in float only");
}

Convolution read_operation(const Object& o) {
  const auto* const names =
      std::find_if(kNames.begin(), kNames.end(), [&](auto& n) { return n.operation == o.type; });
  demand(names != kNames.end(), CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "not a convolution");
  const auto tensor = [&](cudnnBackendAttributeName_t name) {
    return read_tensor(child(o, name, CUDNN_BACKEND_TENSOR_DESCRIPTOR));
  };
  const Object& how = child(o, names->convolution, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  Convolution c{
      .tensors = {tensor(names->image), tensor(names->filter), tensor(names->response)},
      .computed = names->computed,
      .stride = integers(how, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES),
      .dilation = integers(how, CUDNN_ATTR_CONVOLUTION_DILATIONS),
      .pre = integers(how, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS),
      .post = integers(how, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS),
      .turned =
          how.one<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) == CUDNN_CONVOLUTION,
      .alpha = o.one<float>(names->alpha),
      .beta = o.one<float>(names->beta),
  };
  demand_consistent(c);
  return c;
}

void convolve(const Convolution& c, Sums how, bool backwards, Values& values) {
  std::vector<double>& result = values[c.computed];
  const std::vector<double> before = c.beta == 0 ? std::vector<double>(result.size()) : result;
  if (how == Sums::any_order) {
    std::vector<float> sums(result.size());
    add_up(c, backwards, values, sums, [](float sum) { return sum; });
    result.assign(sums.begin(), sums.end());
  } else {
    if (how == Sums::tensor_core && c.tensors[image].type == CUDNN_DATA_FLOAT) {
      for (auto& tensor : values)
        std::transform(tensor.begin(), tensor.end(), tensor.begin(), ten_bits);
    }
    std::vector<double> sums(result.size());
    const bool half = how == Sums::half;
    add_up(c, false, values, sums, [half](double sum) { return half ? ten_bits(sum) : sum; });
    result = sums;
  }
  for (size_t i = 0; i < result.size(); ++i) result[i] = c.alpha * result[i] + c.beta * before[i];
}

}  // namespace tconv::doubles
