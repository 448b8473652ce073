// Entries of a file of tests/ptxvm/ops that take buffers and nothing else.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/ptxvm/vm.h"
#include "tests/ptxvm/matrix_values.h"

namespace ptxvm::test {

class FileRunner {
 public:
  explicit FileRunner(const std::string& file)
      : machine_({.memory_bytes = uint64_t{16} << 20, .sm = 90, .workers = 1}) {
    module_ = machine_.load(read_text(TCONV_SOURCE_DIR "/tests/ptxvm/ops/" + file), file);
  }
  /// A parameter: a buffer of n words.
  uint32_t* buffer(size_t n) {
    addresses_.push_back(machine_.memory().allocate(4 * n, "buffer"));
    auto* data = reinterpret_cast<uint32_t*>(machine_.memory().host(addresses_.back()));
    std::memset(data, 0, 4 * n);
    return data;
  }
  LaunchReport run(const std::string& entry, uint32_t threads, Dim3 grid = {}, Dim3 cluster = {}) {
    std::vector<void*> args;
    for (uint64_t& address : addresses_) args.push_back(&address);
    Launch launch;
    launch.kernel = machine_.kernel(module_, entry);
    launch.grid = grid;
    launch.block = {threads};
    launch.cluster = cluster;
    launch.args = args;
    return machine_.run(launch);
  }
  void expect_trap(const std::string& entry, uint32_t threads, TrapKind kind,
                   const std::string& text, Dim3 grid = {}, Dim3 cluster = {}) {
    try {
      run(entry, threads, grid, cluster);
      ADD_FAILURE() << "no trap: " << text;
    } catch (const Trap& trap) {
      EXPECT_EQ(trap.kind, kind) << trap.what();
      EXPECT_NE(std::string(trap.what()).find(text), std::string::npos) << trap.what();
    }
  }

 private:
  Machine machine_;
  Machine::ModuleId module_ = 0;
  std::vector<uint64_t> addresses_;
};

}  // namespace ptxvm::test
