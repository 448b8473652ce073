#include "bench/crop.h"

#include <algorithm>

namespace tconv::bench {
namespace {

/// So many inputs that some output gets all its taps and survives both crops.
int64_t shortest(const Axis& a) {
  const int64_t before = a.dilation * (a.kernel - 1);  // outputs ahead of the first with all taps
  const int64_t reach = std::max({before, a.crop_lo, a.crop_lo + a.crop_hi() - before});
  return std::min(a.in, (reach + a.stride - 1) / a.stride + 1);
}

/// The axis that can lose most, or null.
Axis* longest(Problem& p) {
  Axis* found = nullptr;
  for (Axis& a : p.axes) {
    if (a.in > shortest(a) && (found == nullptr || a.in > found->in)) found = &a;
  }
  return found;
}

void shorten(Axis& a) {
  const int64_t crop_hi = a.crop_hi();
  a.in = std::max(shortest(a), a.in - std::max<int64_t>(a.in / 8, 1));
  a.out = a.full() - a.crop_lo - crop_hi;
}

}  // namespace

Problem with_batch(Problem p, int64_t batch) {
  p.batch = batch;
  p.validate();
  return p;
}

Problem crop_in_space(Problem p, int64_t macs) {
  const Problem whole = p;
  while (p.macs_needed() > macs) {
    Axis* const axis = longest(p);
    if (axis == nullptr) break;
    shorten(*axis);
  }
  p.validate();
  if (!(p == whole) && !p.name.empty()) p.name += "~cropped";
  return p;
}

}  // namespace tconv::bench
