#include "bench/inspect/remedies.h"

#include <algorithm>

#include "bench/inspect/work_report.h"
#include "reference/geometry.h"

namespace tconv::inspect {
namespace {

int64_t macs_of(const Problem& p, std::string_view organisation) {
  for (const Organisation& o : organisations(p)) {
    if (o.name == organisation) return o.macs;
  }
  return 0;
}

bool covers_unevenly(const Problem& p) {
  return std::any_of(p.axes.begin(), p.axes.end(),
                     [](const Axis& a) { return phase_coverage(a).variance > 0; });
}

bool shares_factor(const Problem& p) {
  return std::any_of(p.axes.begin(), p.axes.end(),
                     [](const Axis& a) { return phase_split(a).skipped > 0; });
}

}  // namespace

std::optional<Problem> evened(const Problem& p) {
  Problem even = p;
  even.name.clear();
  for (Axis& a : even.axes) {
    const int64_t classes = phase_split(a).classes;
    const int64_t missing = (classes - a.kernel % classes) % classes;
    a.kernel += missing;
    // What the kernel grows by goes evenly to both ends, so that the image stays where it is.
    a.crop_lo += missing * a.dilation / 2;
  }
  if (even == p) return std::nullopt;
  try {
    even.validate();
  } catch (const ProblemError&) {
    return std::nullopt;
  }
  return even;
}

std::vector<Remedy> remedies(const Problem& p, bool gains_differ) {
  std::vector<Remedy> list;
  if (!covers_unevenly(p) && !gains_differ) return list;
  if (const auto even = evened(p)) {
    list.push_back(
        {"even kernel",
         "make the kernel a multiple of the stride, so that every output has as many taps",
         even->str(), even->macs_needed()});
  }
  if (shares_factor(p)) {
    list.push_back(
        {"coprime dilation",
         "stride and dilation share a factor, so that no kernel reaches every phase: make "
         "them coprime"});
  }
  list.push_back(
      {"smooth start",
       "initialise with a triangular or bilinear kernel (equal DC gain in every phase where "
       "it fits) and penalise differences between the phases"});
  list.push_back({"resize",
                  "resize (nearest or bilinear) to the output size, then a convolution of the same "
                  "kernel at stride 1",
                  {},
                  macs_of(p, "zero_insertion")});
  list.push_back(
      {"sub-pixel",
       "a stride-1 convolution with ceil(k/s) taps to a channel per phase, then PixelShuffle",
       {},
       macs_of(p, "fused_phases")});
  return list;
}

}  // namespace tconv::inspect
