// What a block asks of the caches, in order: the cache model's input (cache_model.h).
#pragma once

#include <cstdint>
#include <vector>

namespace ptxvm {

enum class CacheUse : uint8_t { load, store, atomic };

/// Some of the four 32-byte sectors of a 128-byte line, asked for by one request.
struct CacheAccess {
  uint64_t line : 58;  // address / 128
  uint64_t sectors : 4;
  CacheUse use : 2;
};

/// The accesses of one warp to global memory. A request's sectors are distinct, so that they add up
/// to what the counters have.
class WarpTrace {
 public:
  void add(uint64_t first_sector, uint64_t last_sector, CacheUse);
  void clear() { accesses_.clear(); }
  const std::vector<CacheAccess>& accesses() const { return accesses_; }

 private:
  void add(CacheAccess);
  std::vector<CacheAccess> accesses_;
};

}  // namespace ptxvm
