// Where the matrix of a wmma.load or wmma.store lies: checked and counted as a whole, for which
// lane reads which element is not specified. It counts as requests of 16 bytes a lane.
#pragma once

#include "reference/ptxvm/matrix.h"
#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// The form of a wmma.load or wmma.store, remembered in its site.
FragmentForm fragment_form(Warp&, const Op*);

/// Rows or columns, whichever are contiguous.
struct Runs {
  uint64_t count, bytes, pitch;  // pitch: bytes from one to the next
  uint64_t alignment;            // of each one's start
};
/// The host address of the first run.
std::byte* locate_runs(Warp&, const Op*, ptx::Space, const Runs&, bool writes);

}  // namespace ptxvm
