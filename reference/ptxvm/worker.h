// A host thread's share of a launch: what its handlers count and remember. Handlers read these
// fields, so nothing here needs a container's code.
#pragma once

#include <cstdint>

#include "reference/ptxvm/memory_view.h"

namespace ptxvm {

struct Grid;
class WarpTrace;
struct Regroupings;

struct BlockCount {
  uint64_t executions = 0, lanes = 0;
};

/// How the addresses of a request lie, relative to the first active lane's.
enum class Shape : uint8_t {
  scattered,   // anything
  contiguous,  // lane l at (l - first) * size
  uniform,     // all equal
  window,      // words; each half warp's within 256 bytes: a permutation of a few vectors
};

/// What a memory op counts, by where its requests went.
struct Traffic {
  uint64_t requests = 0;
  uint64_t units = 0;  // global, local: 32-byte sectors; shared: wavefronts
  uint64_t ideal = 0;  // shared: wavefronts without bank conflicts
};

/// Neighbouring sectors of a request; the first one's address less that of the base's sector.
struct SectorRun {
  int64_t first = 0;
  uint64_t count = 0;
};
inline constexpr int kMaxRuns = 4;
inline constexpr uint8_t kNoRuns = 255;

/// One op's state on one worker.
///
/// The pattern: relative addresses of a request's lanes and what follows from them. It is kept from
/// one execution to the next, for a loop's requests mostly differ by a shift only; sectors then
/// depend on the base's offset within a sector, bank conflicts on nothing.
struct alignas(64) Site {
  uint64_t executions = 0,
           lanes = 0;      // of a guarded op: times that any lane passed the guard, and those lanes
  uint64_t divergent = 0;  // of a branch: times that both sides had lanes
  Traffic global, shared, local;
  uint64_t atomic_lanes = 0, serialised = 0;
  uint64_t bulk_bytes = 0;  // of shared memory that bulk copies read or wrote

  uint32_t mask = 0;  // lanes of the pattern, 0: none yet
  Shape shape = Shape::scattered;
  uint8_t clashes = 0;           // lanes whose address an earlier lane has too
  uint8_t ideal = 0;             // of units[], without bank conflicts
  uint64_t low = 1, span = 0;    // base addresses with all lanes in bounds: base - low <= span
  uint64_t begin = 0, end = 0;   // the allocation that the last request fell into
  int64_t first = 0, last = 0;   // smallest and largest relative address
  uint8_t units[32] = {};        // sectors (wavefronts) by base % 32, 0: not known yet
  uint8_t run_count = 0;         // 0: sectors too scattered to be worth a list
  uint8_t run_offset = kNoRuns;  // the base % 32 that the runs hold for
  SectorRun runs[kMaxRuns];      // the request's sectors
  alignas(64) int64_t relative[32] = {};     // by lane
  alignas(64) uint32_t relative32[32] = {};  // their low halves, for addresses of 32 bits
  int64_t start[2] = {};  // window, contiguous: smallest relative address of each half warp
  uint8_t vectors = 0;    // of 64 bytes that each half's words lie in: 1, 2 or 4
  alignas(64) int32_t words[32] = {};  // Shape::window: word of the window by lane
};

struct Worker {
  Grid* grid = nullptr;
  MemoryView memory;
  const std::byte* params = nullptr;  // the kernel's parameters, readable 256 bytes beyond the end
  uint32_t param_bytes = 0;
  WarpTrace* trace = nullptr;                      // of the running warp, if anyone wants it
  bool alone = true;                               // no other worker: atomics need no host atomics
  uint64_t sectors_read = 0, sectors_written = 0;  // distinct, first touched by this worker
  uint64_t barriers = 0;                           // warps that arrived
  Regroupings* regroupings = nullptr;  // what the blocks' counts do not know (regroup.h)
};

}  // namespace ptxvm
