// NVTX ranges in the domain "tconv": one per row, with "prepare", "launch" and "check" nested in
// it. Cost nothing without a tool.
#pragma once

#include <cstdint>
#include <string>

#include <nvtx3/nvtx3.hpp>

#include "reference/problem.h"

namespace tconv::bench {

struct NvtxDomain {
  static constexpr char const* name{"tconv"};
};

/// Nsight groups by category: one per op.
inline const nvtx3::named_category_in<NvtxDomain>& nvtx_category(Op op) {
  static const nvtx3::named_category_in<NvtxDomain> categories[] = {
      {1, "fprop"}, {2, "dgrad"}, {3, "wgrad"}};
  return categories[static_cast<size_t>(op)];
}

/// A range from here to the end of the scope. Strings are registered, because nsys matches only
/// such names; the payload is a row's number of needed multiply-adds.
class NvtxRange {
 public:
  NvtxRange(const std::string& text, Op op, int64_t payload)
      : range_(nvtx3::event_attributes{nvtx3::registered_string_in<NvtxDomain>(text),
                                       nvtx_category(op), nvtx3::payload{payload}}) {}

 private:
  nvtx3::scoped_range_in<NvtxDomain> range_;
};

}  // namespace tconv::bench
