// Programs for the checks: each one that is wrong beside one that differs by what makes it right.
#pragma once

#include <cstring>

#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {

inline Checks all_checks() { return {.init = true, .race = true, .sync = true, .leak = true}; }

class CheckedRunner {
 public:
  explicit CheckedRunner(const std::string& ptx, Checks checks = all_checks(), int workers = 1)
      : machine_({.memory_bytes = uint64_t{1} << 26, .workers = workers, .checks = checks}) {
    module_ = machine_.load(ptx, "test");
    machine_.set_findings([this](const Trap& trap) { findings.push_back(trap.what()); });
  }

  /// `words` that were never written.
  uint64_t fresh(size_t words) {
    const uint64_t address = machine_.memory().allocate(words * 4, "fresh");
    machine_.memory().set_written(address, words * 4, false);
    return address;
  }
  uint64_t zeros(size_t words) { return machine_.memory().allocate(words * 4, "zeros"); }
  void wrote(uint64_t address, uint64_t bytes) {
    machine_.memory().set_written(address, bytes, true);
  }

  uint32_t word(uint64_t address) {
    uint32_t value = 0;
    std::memcpy(&value, machine_.memory().host(address), sizeof value);
    return value;
  }

  void run(uint32_t blocks, uint32_t threads, std::vector<uint64_t> values = {},
           Dim3 cluster = {}) {
    std::vector<void*> args;
    for (uint64_t& value : values) args.push_back(&value);
    Launch launch;
    launch.kernel = machine_.kernel(module_, "k");
    launch.grid = {blocks};
    launch.block = {threads};
    launch.cluster = cluster;
    launch.args = args;
    machine_.run(launch);
  }

  std::string trap(TrapKind kind, uint32_t blocks, uint32_t threads,
                   std::vector<uint64_t> values = {}, Dim3 cluster = {}) {
    try {
      run(blocks, threads, std::move(values), cluster);
    } catch (const Trap& trap) {
      EXPECT_EQ(trap.kind, kind) << trap.what();
      EXPECT_TRUE(trap.finding);
      return trap.what();
    }
    ADD_FAILURE() << "no trap";
    return {};
  }

  std::vector<std::string> findings;

 private:
  Machine machine_;
  Machine::ModuleId module_ = 0;
};

/// Line `n` of kernel.cu begins.
inline std::string line(int n) { return "\n.loc 1 " + std::to_string(n) + " 1\n"; }
inline const char* const kSource = ".file 1 \"kernel.cu\"";
/// 64 words of shared memory; %r2 = thread, %r3 = address of its word.
inline const char* const kShared =
    ".shared .align 16 .b8 s[1024];\nmov.u32 %r2, %tid.x; shl.b32 %r4, %r2, 2; mov.u32 %r3, s; "
    "add.u32 %r3, %r3, %r4;\n";

}  // namespace ptxvm::test
