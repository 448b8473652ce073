#include "bench/inspect/kernel.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

#include "bench/inspect/read_npy.h"
#include "reference/spectrum.h"

namespace tconv::inspect {
namespace {

/// A kernel's value at tap t of an axis, `n` outputs from the footprint's centre.
using Profile = std::function<double(const Axis&, double n)>;

double linear(const Axis& a, double n) {
  return std::max(0.0, 1 - std::abs(n) / static_cast<double>(a.stride));
}
/// Of half-width (k+1)/2 taps, so that the first value that is 0 lies just outside the kernel. At
/// height 1 the taps sum to floor((k+1)^2 / 4) / half; scaled, to the stride.
double triangle(const Axis& a, double n) {
  const double half = static_cast<double>(a.kernel + 1) / 2;
  const int64_t quarters = (a.kernel + 1) * (a.kernel + 1) / 4;  // rounded down
  const double sum = static_cast<double>(quarters) / half;
  const double height = 1 - std::abs(n) / static_cast<double>(a.dilation) / half;
  return height * static_cast<double>(a.stride) / sum;
}
double sinc(const Axis& a, double n) { return ideal_interpolator(n, a.stride); }

struct Preset {
  std::string_view name;
  double (*profile)(const Axis&, double n);
};
constexpr std::array<Preset, 3> kSeparable{
    {{"bilinear", linear}, {"triangular", triangle}, {"ideal", sinc}}};

/// The product over the axes of a profile each.
std::vector<double> separable(const Problem& p, const Preset& preset) {
  std::vector<double> weights{1};
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<double> wider;
    const Axis& a = p.axes[static_cast<size_t>(axis)];
    std::vector<double> taps;
    for (int64_t t = 0; t < a.kernel; ++t) {
      const double n = (static_cast<double>(t) - static_cast<double>(a.kernel - 1) / 2) *
                       static_cast<double>(a.dilation);
      taps.push_back(axis < 3 - p.rank ? 1 : preset.profile(a, n));
    }
    for (const double w : weights) {
      for (const double tap : taps) wider.push_back(w * tap);
    }
    weights = std::move(wider);
  }
  return weights;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<double> uniform(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> values(count);
  // 53 bits of the engine, not std::uniform_real_distribution: the same on every standard library.
  for (double& v : values) v = static_cast<double>(random() >> 11) * 0x1p-52 - 1;
  return values;
}

/// Empty if `spec` is no comma-separated list of finite numbers.
std::vector<double> parse_values(std::string_view spec) {
  std::vector<double> values;
  for (size_t at = 0; at <= spec.size();) {
    const size_t comma = std::min(spec.find(',', at), spec.size());
    const auto value = parse_number<double>(spec.substr(at, comma - at));
    if (!value || !std::isfinite(*value)) return {};
    values.push_back(*value);
    at = comma + 1;
  }
  return values;
}

std::string shape_text(const std::vector<int64_t>& dims) {
  std::string text = "[";
  for (const int64_t dim : dims) text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
  return text + "]";
}

Kernel from_file(const Problem& p, const std::string& file) {
  const Array array = read_npy(file);
  std::vector<int64_t> spatial;
  for (int a = 3 - p.rank; a < 3; ++a) spatial.push_back(p.axes[static_cast<size_t>(a)].kernel);
  std::vector<int64_t> full{p.in_channels, p.oc_per_group()};
  full.insert(full.end(), spatial.begin(), spatial.end());
  if (array.dims == spatial) return {file, array.values};
  if (array.dims != full) {
    throw ProblemError(file + ": is shaped " + shape_text(array.dims) + ", this layer needs " +
                       shape_text(spatial) + " or " + shape_text(full));
  }
  Kernel worst;
  double worst_spread = -1;
  const auto taps = static_cast<std::ptrdiff_t>(p.taps());
  for (int64_t pair = 0; pair < p.in_channels * p.oc_per_group(); ++pair) {
    const auto first = array.values.begin() + pair * taps;
    Kernel kernel{"", {first, first + taps}};
    const double spread = gain_spread(kernel.gains(p));
    if (spread <= worst_spread) continue;
    worst_spread = spread;
    worst = std::move(kernel);
    worst.source = file + ", ic " + std::to_string(pair / p.oc_per_group()) + " oc/g " +
                   std::to_string(pair % p.oc_per_group()) + ", the least even of " +
                   std::to_string(p.in_channels * p.oc_per_group()) + " channel pairs";
  }
  return worst;
}

/// Responses cost stride times kernel per axis, gains a number per phase.
void require_small(const Problem& p) {
  constexpr int64_t kMostAlongAxis = 4096;
  constexpr int64_t kMostTogether = int64_t{1} << 20;
  int64_t phases = 1, taps = 1;
  for (const Axis& a : p.axes) {
    if (std::max(a.kernel, a.stride) > kMostAlongAxis || taps > kMostTogether / a.kernel ||
        phases > kMostTogether / a.stride) {
      throw ProblemError("a kernel is inspected up to " + std::to_string(kMostAlongAxis) +
                         " taps and stride along an axis, and " + std::to_string(kMostTogether) +
                         " taps and phases in all");
    }
    taps *= a.kernel;
    phases *= a.stride;
  }
}

}  // namespace

Kernel make_kernel(const Problem& p, std::string_view spec) {
  require_small(p);
  const std::string source(spec);
  const auto count = static_cast<size_t>(p.taps());
  for (const Preset& preset : kSeparable) {
    if (spec == preset.name) return {source, separable(p, preset)};
  }
  if (spec == "ones") return {source, std::vector<double>(count, 1.0)};
  if (spec == "ramp") {
    Kernel ramp{source, std::vector<double>(count)};
    std::iota(ramp.weights.begin(), ramp.weights.end(), 1.0);
    return ramp;
  }
  if (spec.starts_with("random:")) {
    const auto seed = parse_number<uint64_t>(spec.substr(std::string_view("random:").size()));
    if (!seed) throw ProblemError("'" + source + "': the seed must be a number");
    return {source, uniform(count, *seed)};
  }
  if (spec.ends_with(".npy")) return from_file(p, source);
  const std::vector<double> values = parse_values(spec);
  if (values.empty()) {
    throw ProblemError("'" + source +
                       "': must be bilinear, triangular, ideal, ones, ramp, random:SEED, numbers "
                       "V,V,... or a FILE.npy");
  }
  if (values.size() != count) {
    throw ProblemError("'" + source + "': has " + std::to_string(values.size()) +
                       " values, the kernel has " + std::to_string(count) + " taps");
  }
  return {source, values};
}

std::vector<double> Kernel::along(const Problem& p, int axis) const {
  std::vector<double> taps(static_cast<size_t>(p.axes[static_cast<size_t>(axis)].kernel));
  double others = 1;
  int64_t inner = 1;  // weights between two neighbours along the axis
  for (int a = 0; a < 3; ++a) {
    if (a != axis) others *= static_cast<double>(p.axes[static_cast<size_t>(a)].stride);
    if (a > axis) inner *= p.axes[static_cast<size_t>(a)].kernel;
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    taps[i / static_cast<size_t>(inner) % taps.size()] += weights[i] / others;
  }
  return taps;
}

std::vector<double> Kernel::gains(const Problem& p) const {
  const auto& [d, h, w] = p.axes;
  const auto phase = [](const Axis& a, int64_t t) { return t * a.dilation % a.stride; };
  std::vector<double> gains(static_cast<size_t>(d.stride * h.stride * w.stride));
  auto weight = weights.begin();
  for (int64_t td = 0; td < d.kernel; ++td) {
    for (int64_t th = 0; th < h.kernel; ++th) {
      for (int64_t tw = 0; tw < w.kernel; ++tw) {
        const int64_t q = (phase(d, td) * h.stride + phase(h, th)) * w.stride + phase(w, tw);
        gains[static_cast<size_t>(q)] += *weight++;
      }
    }
  }
  return gains;
}

Kernel Kernel::rotated() const {
  return {source + ", rotated by 180 degrees", {weights.rbegin(), weights.rend()}};
}

double gain_spread(const std::vector<double>& gains) {
  constexpr double kRounding = 1e-12;
  const auto [low, high] = std::minmax_element(gains.begin(), gains.end());
  const double largest = std::max(std::abs(*low), std::abs(*high));
  if (*high - *low <= kRounding * largest) return 0;
  const double mean =
      std::accumulate(gains.begin(), gains.end(), 0.0) / static_cast<double>(gains.size());
  if (std::abs(mean) <= kRounding * largest) return std::numeric_limits<double>::infinity();
  return (*high - *low) / std::abs(mean);
}

}  // namespace tconv::inspect
