#include "reference/epilogue.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reference/oracle_input.h"

namespace tconv {
namespace {

/// A product rounded to float: half an ulp.
constexpr double kProductError = 0x1p-24;
/// tanhf is at most 2 ulp off the correctly rounded result, which is half an ulp off (CUDA C++
/// Programming Guide 13, Mathematical Functions, table of hyperbolic functions).
constexpr double kTanhError = 2.5 * 0x1p-23;

double leaky_relu(double sum) { return sum < 0 ? static_cast<double>(kLeakySlope) * sum : sum; }

/// What a kernel makes of an exact sum: a float product, then what is stored.
double rounded_leaky_relu(double sum, DType dtype) {
  if (sum >= 0) return sum;
  const float product = kLeakySlope * static_cast<float>(sum);
  return round_to(product, dtype == DType::tf32 ? DType::f32 : dtype);
}

double activate(Epilogue epilogue, double sum, DType dtype, DataMode mode) {
  switch (epilogue) {
    case Epilogue::bias_relu:
      return std::max(sum, 0.0);
    case Epilogue::bias_leaky_relu:
      return mode == DataMode::int_exact ? rounded_leaky_relu(sum, dtype) : leaky_relu(sum);
    case Epilogue::bias_tanh:
      return std::tanh(sum);
    case Epilogue::none:
    case Epilogue::bias:
      break;
  }
  return sum;
}

double activation_error(Epilogue epilogue, DataMode mode) {
  if (epilogue == Epilogue::bias_tanh) return kTanhError;
  const bool rounds = epilogue == Epilogue::bias_leaky_relu && mode != DataMode::int_exact;
  return rounds ? kProductError : 0;
}

double rms(std::span<const float> values) {
  const double squares = std::accumulate(values.begin(), values.end(), 0.0,
                                         [](double sum, double v) { return sum + v * v; });
  return values.empty() ? 0 : std::sqrt(squares / static_cast<double>(values.size()));
}

/// The power of two nearest to a size, as exponent; 0 for 0.
int exponent(double size) { return size > 0 ? static_cast<int>(std::lround(std::log2(size))) : 0; }

}  // namespace

void apply_epilogue(const Problem& p, Epilogue epilogue, DType dtype, DataMode mode,
                    std::span<const float> bias, OracleResult& y) {
  if (epilogue == Epilogue::none) return;
  check_sizes(p, {{"bias", bias.size(), p.out_channels}});
  const auto plane = static_cast<size_t>(p.out_spatial());
  for (size_t i = 0; i < y.value.size(); ++i) {
    const double b = bias[i / plane % bias.size()];
    const double sum = y.value[i] + b;
    y.value[i] = activate(epilogue, sum, dtype, mode);
    y.magnitude[i] += std::abs(b);
    ++y.terms[i];
    y.clipped += epilogue == Epilogue::bias_relu && sum < 0;
  }
  y.activation_error = activation_error(epilogue, mode);
}

void scale_to_unit_sums(const Problem& p, DType dtype, std::span<const float> x, std::span<float> w,
                        std::span<float> bias) {
  if (p.y_size() == 0) return;
  const double terms = static_cast<double>(p.macs_needed()) / static_cast<double>(p.y_size());
  const int of_sums = exponent(rms(x) * rms(w) * std::sqrt(terms));
  const int of_bias = std::min(of_sums, exponent(rms(bias)));  // no finer than the sums are
  for (float& v : w) v = round_to(std::ldexp(v, -of_sums), dtype);
  for (float& v : bias) v = std::ldexp(v, -of_bias);
}

}  // namespace tconv
