// The transposed convolution as a filter: zero insertion makes images, the kernel is what removes
// them. Statements 6 and 11 of the operator, as numbers. Frequencies are radians per sample.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "reference/problem.h"

namespace tconv {

/// Spectrum of a finite signal: sum_n signal[n] e^(-j omega n).
std::complex<double> spectrum(std::span<const double> signal, double omega);

/// Response of an axis' whole kernel, at the output's sampling rate: sum_t w[t] e^(-j omega t d).
std::complex<double> kernel_response(const Axis&, std::span<const double> weights, double omega);
/// Response of one phase's filter, at the input's sampling rate. The phases make up the kernel:
/// kernel_response(omega) = sum_q e^(-j omega q) phase_response(q, s omega).
std::complex<double> phase_response(const Axis&, std::span<const double> weights, int64_t phase,
                                    double omega);

/// The ideal interpolator for upsampling by L: sin(pi n/L) / (pi n/L), 1 at n = 0.
double ideal_interpolator(double n, int64_t factor);
/// Its response: L up to pi/L, 0 beyond, for omega in [0, pi].
double ideal_response(double omega, int64_t factor);

/// Where the images of a constant lie after zero insertion: 2 pi m / L, m = 1 .. L-1.
std::vector<double> image_frequencies(int64_t factor);
/// How much of a constant is left at the strongest image, relative to the constant itself: max over
/// m of |H(2 pi m / s)| / |H(0)|. 0: no pattern of period s. Not finite if H(0) = 0.
double image_leakage(const Axis&, std::span<const double> weights);
/// Share of the kernel's energy in [0, pi] that lies beyond pi/s, where the ideal has none.
/// 0 for stride 1 or a kernel of zeros.
double stopband_share(const Axis&, std::span<const double> weights);

}  // namespace tconv
