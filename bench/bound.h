// Bound: the least time that a GPU of a given profile could need for the counted work. A lower
// limit, never a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "reference/device_profile.h"
#include "reference/problem.h"

namespace tconv::bench {

/// What one kernel launch used of each resource whose counts map one to one onto hardware.
struct LaunchUse {
  uint64_t blocks = 0;
  uint64_t dram_sectors = 0;       ///< distinct 32-byte sectors of global memory touched
  uint64_t l1_sectors = 0;         ///< 32-byte sectors asked of L1, repeats included
  uint64_t shared_wavefronts = 0;  ///< shared-memory passes, bank conflicts included
  uint64_t fma_lanes = 0;          ///< FP32 fused multiply-adds, one per active lane
  uint64_t tensor_macs = 0;        ///< multiply-adds of tensor instructions
  uint64_t atomics = 0;            ///< 32-bit reductions that reach L2, one per active lane
  /// What a cache model says. An estimate, unlike the rest.
  struct Model {
    uint64_t l2_sectors = 0;  ///< 32-byte sectors asked of L2: loads that miss L1, stores, atomics
    uint64_t dram_bytes = 0;  ///< read and written
  };
  std::optional<Model> model = std::nullopt;
};

struct Bound {
  double us =
      0;  ///< sum over launches (they run one after another) of the slowest resource's least time
  std::string_view limiter;  ///< dram, l1, shared, fma, tensor, atomics: the one that limits the
                             ///< largest share of `us`
  double floor_us = 0;       ///< what no strategy can beat
  double efficiency = 0;     ///< floor_us / us; 0 if us is 0
  /// The same with the traffic that the cache model says L2 and DRAM have. An estimate: no limit in
  /// either direction.
  struct Model {
    double us = 0;
    std::string_view limiter;  ///< as above, or l2
    double efficiency = 0;
  };
  std::optional<Model> model = std::nullopt;  ///< empty unless every launch was modelled
};

/// max(bytes_compulsory / DRAM rate, flops_needed / peak of the dtype's pipe), in microseconds.
double floor_us(const Problem&, DType, const DeviceProfile&, Op = Op::fprop);

/// Per launch: max over resources of use / rate. Use inside an SM is max(total / SMs, ceil(blocks /
/// SMs) * total / blocks): whole blocks, spread evenly. DRAM and atomics are spread over the
/// device. Tensor instructions run at the rate of `dtype`; for f32, which may be split into any
/// narrower type, at the fastest.
Bound bound(std::span<const LaunchUse> launches, DType dtype, double floor_us,
            const DeviceProfile&);

}  // namespace tconv::bench
