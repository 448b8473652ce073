// Slot allocation: registers whose live intervals do not overlap share frame bytes, so that frames
// stay small enough for the caches.
#pragma once

#include "reference/ptxvm/liveness.h"

namespace ptxvm {

struct SlotRequest {
  Interval live;   // empty ones get no slot
  uint32_t bytes;  // a multiple of the unit
};

struct SlotMap {
  std::vector<uint32_t> offsets;  // per request, from 0; UINT32_MAX where none
  uint32_t bytes = 0;             // extent of the arena
};

/// Linear scan in order of first use; each request takes the lowest hole that fits. Offsets are
/// multiples of `unit`.
SlotMap assign_slots(const std::vector<SlotRequest>& requests, uint32_t unit);

}  // namespace ptxvm
