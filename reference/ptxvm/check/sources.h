// Shared memory that asynchronous work reads: operands of wgmma and sources of bulk copies, from
// the issue until their group was waited for, and the fences that let it see what threads wrote.
#pragma once

#include "reference/ptxvm/check/request.h"

namespace ptxvm {

/// A record of who reads a word (CtaChecks::reading).
namespace source_record {
enum Kind : uint64_t { none, product, copy };
inline constexpr uint32_t kRankAt = 2, kThreadAt = 6, kOpAt = 16, kGroupAt = 32;
inline uint64_t of(Kind kind, uint32_t rank, uint32_t thread, uint32_t op, uint32_t group) {
  return kind | uint64_t{rank} << kRankAt | uint64_t{thread} << kThreadAt | uint64_t{op} << kOpAt |
         uint64_t{group} << kGroupAt;
}
inline Kind kind(uint64_t record) { return Kind(record & 3); }
inline uint32_t thread(uint64_t record) { return uint32_t(record >> kThreadAt & 1023); }
inline uint32_t op(uint64_t record) { return uint32_t(record >> kOpAt & 0xffff); }
inline uint32_t group(uint64_t record) { return uint32_t(record >> kGroupAt); }
}  // namespace source_record

/// wgmma reads these pieces of its block's shared memory.
void product_reads(Warp&, const Op*, const Part&, uint32_t bytes);
/// A bulk copy of the lane's open group reads these words of its block's shared memory.
void copy_reads(Warp&, const Op*, int lane, uint64_t first_word, uint64_t end_word);
/// The lanes write to what asynchronous work may be reading.
void report_sources(Warp&, const Op*, const CtaChecks& owner, const Part&, uint32_t bytes);
/// One word of `bytes` that the lane writes. Returns whether it was reported.
bool report_source(Warp&, const Op*, const CtaChecks& owner, uint32_t lane, uint64_t word,
                   uint64_t address, uint32_t bytes);

/// These were written through the generic proxy, or by somebody who need not be looked at.
void written_by_threads(Warp&, const Op*, const CheckedOp&, const Request&);
void written_by_copy(CtaChecks& owner, uint64_t first_word, uint64_t end_word);
/// The async proxy reads words of its block's shared memory that threads may have written with no
/// fence.proxy.async since.
void check_proxy(Warp&, const Op*, int lane, uint64_t first_word, uint64_t end_word);

}  // namespace ptxvm
