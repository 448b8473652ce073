// A third party's implementation: oneDNN's deconvolution, forward and both gradients, over random
// problems and integers.
#include <algorithm>
#include <dnnl.hpp>
#include <string>
#include <unordered_map>

#include <gtest/gtest.h>

#include "reference/conv_transpose.h"
#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

using dnnl::memory;
using Dims = memory::dims;

/// Shapes in oneDNN's terms. Its logical weights are [g][oc/g][ic/g][k..]; ours lie in memory as
/// [g][ic/g][oc/g][k..].
struct Shapes {
  memory::desc x, w, y;
  Dims strides, dilations, low, high;
};

Shapes shapes_of(const Problem& p) {
  Dims x{p.batch, p.in_channels}, y{p.batch, p.out_channels},
      w{p.groups, p.oc_per_group(), p.ic_per_group()};
  Shapes s;
  for (int axis = 3 - p.rank; axis < 3; ++axis) {
    const Axis& a = p.axes[static_cast<size_t>(axis)];
    x.push_back(a.in);
    y.push_back(a.out);
    w.push_back(a.kernel);
    s.strides.push_back(a.stride);
    s.dilations.push_back(a.dilation - 1);
    s.low.push_back(a.crop_lo);
    s.high.push_back(a.crop_hi());
  }
  const auto dense = [](const Dims& d) {
    Dims strides(d.size(), 1);
    for (size_t k = d.size() - 1; k > 0; --k) strides[k - 1] = strides[k] * d[k];
    return strides;
  };
  Dims stored = w;
  std::swap(stored[1], stored[2]);
  Dims w_strides = dense(stored);
  std::swap(w_strides[1], w_strides[2]);
  s.x = {x, memory::data_type::f32, dense(x)};
  s.y = {y, memory::data_type::f32, dense(y)};
  s.w = {w, memory::data_type::f32, w_strides};
  return s;
}

class OneDnn : public testing::Test {
 protected:
  memory wrap(const memory::desc& desc, std::vector<float>& data) {
    return {desc, engine_, data.data()};
  }

  template <class Primitive>
  void run(const typename Primitive::primitive_desc& desc,
           const std::unordered_map<int, memory>& arguments) {
    Primitive(desc).execute(stream_, arguments);
    stream_.wait();
  }

  /// Calls body(problem, shapes, x, w, dy) for many problems; those that oneDNN refuses must be
  /// few.
  template <class Body>
  void for_random_problems(uint64_t seed, const Body& body) {
    test::Random random(seed);
    int refused = 0;
    for (uint64_t i = 0; i < kProblems; ++i) {
      const Problem p = test::random_problem(random);
      const auto integers = [&](int64_t size, uint64_t k) {
        return test::random_tensor(size, 3 * i + k, DataMode::int_exact, DType::f32, 2000);
      };
      auto x = integers(p.x_size(), 0), w = integers(p.w_size(), 1), dy = integers(p.y_size(), 2);
      try {
        body(p, shapes_of(p), x, w, dy);
      } catch (const dnnl::error&) {
        ++refused;
      }
      if (HasFatalFailure()) return;
    }
    EXPECT_LE(refused, kProblems / 10);
  }

  dnnl::deconvolution_forward::primitive_desc forward(const Shapes& s) {
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::deconvolution_direct, s.x, s.w,
             s.y, s.strides, s.dilations, s.low, s.high},
            engine_};
  }

  static constexpr int kProblems = 150;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
};

void expect_equal(const std::vector<float>& theirs, const std::vector<double>& ours,
                  const Problem& p) {
  ASSERT_EQ(theirs.size(), ours.size());
  for (size_t i = 0; i < ours.size(); ++i)
    ASSERT_EQ(theirs[i], ours[i]) << "[" << i << "] of " << p.str();
}

TEST_F(OneDnn, Forward) {
  for_random_problems(20, [&](const Problem& p, const Shapes& s, auto& x, auto& w, auto& dy) {
    std::vector<float> y(dy.size());
    run<dnnl::deconvolution_forward>(forward(s), {{DNNL_ARG_SRC, wrap(s.x, x)},
                                                  {DNNL_ARG_WEIGHTS, wrap(s.w, w)},
                                                  {DNNL_ARG_DST, wrap(s.y, y)}});
    expect_equal(y, scatter_oracle(p, x, w).value, p);
  });
}

TEST_F(OneDnn, BackwardData) {
  for_random_problems(21, [&](const Problem& p, const Shapes& s, auto& x, auto& w, auto& dy) {
    const dnnl::deconvolution_backward_data::primitive_desc desc{
        {dnnl::algorithm::deconvolution_direct, s.x, s.w, s.y, s.strides, s.dilations, s.low,
         s.high},
        engine_,
        forward(s)};
    std::vector<float> dx(x.size());
    run<dnnl::deconvolution_backward_data>(desc, {{DNNL_ARG_DIFF_DST, wrap(s.y, dy)},
                                                  {DNNL_ARG_WEIGHTS, wrap(s.w, w)},
                                                  {DNNL_ARG_DIFF_SRC, wrap(s.x, dx)}});
    expect_equal(dx, dgrad_oracle(p, dy, w).value, p);
  });
}

TEST_F(OneDnn, BackwardWeights) {
  for_random_problems(22, [&](const Problem& p, const Shapes& s, auto& x, auto& w, auto& dy) {
    const dnnl::deconvolution_backward_weights::primitive_desc desc{
        {dnnl::algorithm::deconvolution_direct, s.x, s.w, s.y, s.strides, s.dilations, s.low,
         s.high},
        engine_,
        forward(s)};
    std::vector<float> dw(w.size());
    run<dnnl::deconvolution_backward_weights>(desc, {{DNNL_ARG_SRC, wrap(s.x, x)},
                                                     {DNNL_ARG_DIFF_DST, wrap(s.y, dy)},
                                                     {DNNL_ARG_DIFF_WEIGHTS, wrap(s.w, dw)}});
    expect_equal(dw, wgrad_oracle(p, x, dy).value, p);
  });
}

}  // namespace
}  // namespace tconv
