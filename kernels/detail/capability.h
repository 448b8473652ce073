// What the kernels of a strategy compute, and refusing the rest in words a user understands.
#pragma once

#include <array>
#include <span>
#include <string>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Kernels on the FMA pipe widen what they load and add up floats. tf32 is not theirs: it is what
/// tensor cores make of floats.
inline constexpr std::array kFmaTypes{DType::f32, DType::f16, DType::bf16};
inline constexpr std::array kLayouts{Layout::nchw, Layout::nhwc};

struct Capability {
  std::span<const DType> dtypes;
  std::span<const Layout> layouts;
  bool fuses_epilogue = false;
};

inline constexpr Capability kFma{kFmaTypes, kLayouts};
inline constexpr Capability kFmaFusing{kFmaTypes, kLayouts, true};
inline constexpr Capability kF32{std::span(kFmaTypes).first(1), kLayouts};
inline constexpr Capability kF32Fusing{std::span(kFmaTypes).first(1), kLayouts, true};

/// Empty, or that a kernel leaves the epilogue to a launch of its own (<name>_unfused).
std::string refuse_epilogue(const Config&);

/// Empty if kernels of this capability, with 32-bit positions, can; else why not.
std::string refuse(const Problem&, const Config&, const Capability&);

}  // namespace tconv::detail
