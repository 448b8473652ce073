// The CUDA headers' math functions, which are hundreds of instructions of PTX each, against the
// host's long double. Bounds in ulps are those of the CUDA C++ Programming Guide 13.0,
// "Mathematical Functions"; half an ulp more for the reference's own rounding.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/cudart/device_vector.h"

namespace {

using Real = long double;

// name, ulps in float, in double, range of x; y is between 0.5 and 8
#define MATH_FUNCTIONS(F)                   \
  F(sqrt, sqrtl(x), 0, 0, 0, 1e30)          \
  F(rsqrt, 1 / sqrtl(x), 2, 1, 0, 1e30)     \
  F(rcbrt, 1 / cbrtl(x), 1, 1, -1e30, 1e30) \
  F(exp, expl(x), 1, 1, -110, 90)           \
  F(exp10, powl(10, x), 2, 1, -46, 38)      \
  F(expm1, expm1l(x), 1, 1, -30, 80)        \
  F(log, logl(x), 1, 1, 0, 1e30)            \
  F(log1p, log1pl(x), 1, 1, -1, 1e10)       \
  F(sin, sinl(x), 2, 2, -1e6, 1e6)          \
  F(tan, tanl(x), 4, 2, -1e5, 1e5)          \
  F(acos, acosl(x), 2, 2, -1, 1)            \
  F(sinh, sinhl(x), 3, 2, -80, 80)          \
  F(tanh, tanhl(x), 2, 1, -20, 20)          \
  F(erfc, erfcl(x), 4, 5, -5, 9)            \
  F(tgamma, tgammal(x), 5, 10, 0.1, 33)     \
  F(rint, rintl(x), 0, 0, -1e7, 1e7)        \
  F(pow, powl(x, y), 4, 2, 0, 50)           \
  F(hypot, hypotl(x, y), 3, 2, -1e15, 1e15) \
  F(fmod, fmodl(x, y), 0, 0, -1e4, 1e4)     \
  F(atan2, atan2l(x, y), 3, 2, -100, 100)

// One or two arguments.
#define UNARY(name)                                                     \
  __device__ float call_##name(float x, float) { return ::name##f(x); } \
  __device__ double call_##name(double x, double) { return ::name(x); }
#define BINARY(name)                                                         \
  __device__ float call_##name(float x, float y) { return ::name##f(x, y); } \
  __device__ double call_##name(double x, double y) { return ::name(x, y); }
// Calls without a semicolon confuse it.
// clang-format off
UNARY(sqrt) UNARY(rsqrt) UNARY(rcbrt) UNARY(exp) UNARY(exp10) UNARY(expm1) UNARY(log) UNARY(log1p)
UNARY(sin) UNARY(tan) UNARY(acos) UNARY(sinh) UNARY(tanh) UNARY(erfc) UNARY(tgamma) UNARY(rint)
BINARY(pow) BINARY(hypot) BINARY(fmod) BINARY(atan2)
// clang-format on
#define KERNEL(name, ...)                                                  \
  template <class T>                                                       \
  __global__ void kernel_##name(const T* x, const T* y, T* out, int n) {   \
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); \
    if (i < n) out[i] = call_##name(x[i], y[i]);                           \
  }
            MATH_FUNCTIONS(KERNEL)
#undef KERNEL

                template <class T>
                Real ulp(Real value) {
  using Limits = std::numeric_limits<T>;
  const int least = Limits::min_exponent - 1;
  const int exponent = value == 0 ? least : std::max(std::ilogb(value), least);
  return std::ldexp(Real{1}, exponent - (Limits::digits - 1));
}

template <class T>
std::vector<T> arguments(double low, double high) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x = {0,
                      -T{0},
                      1,
                      -1,
                      Limits::denorm_min(),
                      -Limits::denorm_min(),
                      Limits::min() / 2,
                      Limits::min(),
                      Limits::infinity(),
                      -Limits::infinity(),
                      Limits::quiet_NaN()};
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const double even = std::uniform_real_distribution<double>(low, high)(random);
    const double wide = std::ldexp(even / high, -static_cast<int>(random() % 40));
    x.push_back(static_cast<T>(i % 2 || wide < low || wide > high ? even : wide));
  }
  return x;
}

template <class T>
bool within(T got, Real expected, double ulps) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(rounded)) return std::isnan(got);
  if (std::isinf(rounded) || std::isinf(got))
    return got == rounded || std::fabs(expected) > 0.999L * std::numeric_limits<T>::max();
  return std::fabs(got - expected) <= (ulps + 0.5) * ulp<T>(expected);
}

template <class T, class Kernel, class Reference>
void check(Kernel kernel, Reference reference, double ulps, double low, double high) {
  const std::vector<T> x = arguments<T>(low, high);
  std::vector<T> y(x.size());
  for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(0.5 + 7.5 * double(i % 97) / 97);
  const DeviceVector<T> dx(x), dy(y), out(x.size());
  const int n = static_cast<int>(x.size());
  kernel<<<(n + 127) / 128, 128>>>(dx.data(), dy.data(), out.data(), n);
  ASSERT_CUDA(cudaGetLastError());
  ASSERT_CUDA(cudaDeviceSynchronize());
  const std::vector<T> results = out.host();
  for (size_t i = 0; i < x.size(); ++i) {
    const Real expected = reference(Real{x[i]}, Real{y[i]});
    ASSERT_TRUE(within<T>(results[i], expected, ulps))
        << "x " << x[i] << " y " << y[i] << " gave " << results[i] << ", expected "
        << static_cast<double>(expected);
  }
}

#define TEST_FUNCTION(name, reference, ulps_f32, ulps_f64, low, high)                          \
  TEST(Math, name) {                                                                           \
    const auto definition = [](Real x, [[maybe_unused]] Real y) -> Real { return reference; }; \
    check<float>(kernel_##name<float>, definition, ulps_f32, low, high);                       \
    check<double>(kernel_##name<double>, definition, ulps_f64, low, high);                     \
  }
MATH_FUNCTIONS(TEST_FUNCTION)

}  // namespace
