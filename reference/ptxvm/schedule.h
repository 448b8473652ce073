// Which split of a warp runs next.
#pragma once

#include "reference/ptxvm/warp.h"

namespace ptxvm {

// A turn ends after this many backward branches. An access that may wait for another thread costs
// as much as kSpinCost of them. Both are counts and not clocks, so that runs repeat.
inline constexpr int64_t kFuel = int64_t{1} << 20;
inline constexpr int64_t kSpinCost = int64_t{1} << 13;

/// Sets lanes aside at `pc`; they join a split that is ready there.
void set_aside(Warp&, const Op* pc, Frame* level, uint32_t mask);
/// Takes the next ready split and returns its op; null if there is none.
const Op* pick(Warp&);
/// At a basic block's entry, with other splits about: merges those that are here; returns another
/// split's op if that one goes first, else null.
const Op* meet(Warp&, const Op*);
/// A branch that `taken` lanes of the running ones take: continues with the side of the lower pc.
const Op* diverge(Warp&, const Op* branch, const Op* target, uint32_t taken);
/// brx.idx: each lane of `taken` goes where its index says.
const Op* branch_by_table(Warp&, const Op*, uint32_t taken);
/// The running split stops with warp.why; what is to be done when it goes on stays behind in the
/// warp.
void stop(Warp&, const Op*);
/// The turn is over; the split goes on at `resume`.
const Op* out_of_fuel(Warp&, const Op* resume);
/// A guarded op's body did not just go on to the next op: the lanes that the guard kept out do.
const Op* guard_diverted(Warp&, const Op* op, Frame* level, uint32_t kept_out, const Op* next);

const Op* exit_lanes(Warp&, const Op*, uint32_t lanes);
const Op* return_lanes(Warp&, const Op*, uint32_t lanes);
const Op* call(Warp&, const Op*);

}  // namespace ptxvm
