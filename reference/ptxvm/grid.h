// A running launch: what all its blocks and workers share.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "reference/ptxvm/cache_model.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/lower.h"

namespace ptxvm {

/// Special registers that have a value before the first op runs.
enum class Special : uint8_t;

/// A function of the program and where its per-worker state begins.
struct CodePlan {
  struct Slot {
    Special special;
    uint32_t offset;
    bool wide;
    uint64_t addend;
  };
  const Code* code = nullptr;
  uint32_t first_site = 0, first_block = 0;
  std::vector<Slot> specials;
};

struct GridChecks;

/// Shared memory of a block that belongs to the system (since compute capability 8.0).
inline constexpr uint32_t kSystemShared = 1024;

struct Grid {
  const Program* program = nullptr;
  Memory* memory = nullptr;
  const MachineConfig* config = nullptr;
  std::string kernel;
  Dim3 grid, block, cluster;
  uint32_t static_shared = 0, dynamic_shared = 0, shared_bytes = 0;
  uint32_t system_shared = 0;  // where the system's shared memory begins; 0: nobody asks for it
  bool cooperative = false;
  bool explicit_cluster = false;  // by the launch or the kernel; cluster is 1 x 1 x 1 otherwise
  uint64_t id = 0;                // %gridid
  std::vector<std::byte> params;
  std::vector<CodePlan> plans;  // by Code::index
  uint32_t sites = 0, blocks = 0;
  std::unique_ptr<CacheModel> model;  // null unless the machine models caches
  std::function<void(std::string_view)> print;
  std::mutex printing;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  GridChecks* checks = nullptr;  // null: none

  std::atomic<uint64_t> next_block{0};
  std::atomic<uint64_t> stop_at{
      ~uint64_t{0}};  // blocks from this number on need not run: an earlier one trapped
  std::mutex trapping;
  std::exception_ptr trap;  // of block stop_at

  uint64_t workspace = 0;  // of a cooperative launch: where its blocks count each other in

  const CodePlan& plan(const Code& code) const { return plans[code.index]; }
};

/// Fills `plans`, `sites` and `blocks` from the program. Throws PtxError for an unknown special
/// register.
void plan_codes(Grid&);
/// Its value for one lane.
uint64_t special_value(Special, const Cta&, const Warp&, const Frame&, uint32_t lane);

/// Runs blocks on the calling thread until none is left.
void work(Grid&, Worker&, size_t index, size_t workers, Site* sites, BlockCount* blocks);

/// Totals by name from all workers' sites and blocks.
/// Lines too if the machine profiles.
LaunchReport count(const Grid&, const std::vector<Worker>&, const std::vector<Site>&,
                   const std::vector<BlockCount>&);

}  // namespace ptxvm
