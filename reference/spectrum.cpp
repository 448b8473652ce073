#include "reference/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/geometry.h"

namespace tconv {

using std::numbers::pi;

std::complex<double> spectrum(std::span<const double> signal, double omega) {
  std::complex<double> sum;
  for (size_t n = 0; n < signal.size(); ++n) {
    sum += std::polar(1.0, -omega * static_cast<double>(n)) * signal[n];
  }
  return sum;
}

std::complex<double> kernel_response(const Axis& a, std::span<const double> weights, double omega) {
  return spectrum(weights, omega * static_cast<double>(a.dilation));
}

std::complex<double> phase_response(const Axis& a, std::span<const double> weights, int64_t phase,
                                    double omega) {
  std::complex<double> sum;
  for (const int64_t t : phase_taps(a, phase)) {
    const int64_t lag = (t * a.dilation - phase) / a.stride;  // in inputs; exact by construction
    sum += std::polar(1.0, -omega * static_cast<double>(lag)) * weights[static_cast<size_t>(t)];
  }
  return sum;
}

double ideal_interpolator(double n, int64_t factor) {
  const double angle = pi * n / static_cast<double>(factor);
  return angle == 0 ? 1 : std::sin(angle) / angle;
}

double ideal_response(double omega, int64_t factor) {
  return omega * static_cast<double>(factor) <= pi ? static_cast<double>(factor) : 0;
}

std::vector<double> image_frequencies(int64_t factor) {
  std::vector<double> images;
  for (int64_t m = 1; m < factor; ++m) {
    images.push_back(2 * pi * static_cast<double>(m) / static_cast<double>(factor));
  }
  return images;
}

double image_leakage(const Axis& a, std::span<const double> weights) {
  // H(2 pi m / s) is the discrete Fourier transform of the phases' DC gains.
  const std::vector<double> gains = phase_gains(a, weights);
  double strongest = 0;
  for (const double omega : image_frequencies(a.stride)) {
    strongest = std::max(strongest, std::abs(spectrum(gains, omega)));
  }
  return strongest == 0 ? 0 : strongest / std::abs(spectrum(gains, 0));
}

double stopband_share(const Axis& a, std::span<const double> weights) {
  constexpr int kSteps = 2048;
  double pass = 0, stop = 0;
  for (int i = 0; i < kSteps; ++i) {  // midpoints, so that no sample lies on the edge for small s
    const double omega = pi * (i + 0.5) / kSteps;
    const double energy = std::norm(kernel_response(a, weights, omega));
    (omega * static_cast<double>(a.stride) <= pi ? pass : stop) += energy;
  }
  return pass + stop == 0 ? 0 : stop / (pass + stop);
}

}  // namespace tconv
