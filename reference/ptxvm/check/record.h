// Who accessed a word: 64 bits, the clock on top so that one comparison tells old from recent.
#pragma once

#include <cstdint>

namespace ptxvm {

inline constexpr uint32_t kOpBits = 16, kThreadBits = 10, kByteBits = 4;
inline constexpr uint32_t kMaxRecordedOp = (1u << kOpBits) - 1;

/// Low 30 bits, alike in both: bytes of the word, op (0: too many to number), thread in the block.
struct Access {
  uint32_t bytes, op, thread;
  static Access of(uint64_t record) {
    return {uint32_t(record) & 15, uint32_t(record >> kByteBits) & kMaxRecordedOp,
            uint32_t(record >> (kByteBits + kOpBits)) & 1023};
  }
  uint64_t bits() const {
    return bytes | uint64_t{op} << kByteBits | uint64_t{thread} << (kByteBits + kOpBits);
  }
};

/// Between blocks: block 20 bits, clock 14.
namespace block_record {
inline constexpr uint32_t kBlockAt = 30, kClockAt = 50;
inline constexpr uint64_t kMaxBlock = (1u << 20) - 1, kMaxClock = (1u << 14) - 1;
inline uint64_t of(uint64_t clock, uint64_t block, Access a) {
  return clock << kClockAt | block << kBlockAt | a.bits();
}
inline uint64_t block(uint64_t record) { return record >> kBlockAt & kMaxBlock; }
inline uint64_t clock(uint64_t record) { return record >> kClockAt; }
}  // namespace block_record

/// Shared memory: rank in the cluster 4 bits, the warp's count of syncs 15, clock 15.
namespace warp_record {
inline constexpr uint32_t kRankAt = 30, kSyncsAt = 34, kClockAt = 49;
inline constexpr uint64_t kMaxRank = 15;
inline constexpr uint64_t kMaxSyncs = (1u << 15) - 1, kMaxClock = (1u << 15) - 1;
inline uint64_t of(uint64_t clock, uint64_t syncs, uint64_t rank, Access a) {
  return clock << kClockAt | syncs << kSyncsAt | rank << kRankAt | a.bits();
}
inline uint32_t rank(uint64_t record) { return uint32_t(record >> kRankAt & kMaxRank); }
inline uint64_t syncs(uint64_t record) { return record >> kSyncsAt & kMaxSyncs; }
inline uint64_t clock(uint64_t record) { return record >> kClockAt; }
}  // namespace warp_record

}  // namespace ptxvm
