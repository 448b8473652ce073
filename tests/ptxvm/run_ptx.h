// Running a few lines of PTX: a machine, buffers in its memory, launches.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/ptxvm/vm.h"

namespace ptxvm::test {

/// An entry `k` around `body`, with parameters p0, p1, ... (64 bits each) already in %a0, %a1, ...
/// and registers to use.
inline std::string entry(int parameters, const std::string& body, const std::string& before = "") {
  std::string list, loads;
  for (int i = 0; i < parameters; ++i) {
    const std::string n = std::to_string(i);
    list += (i ? ", .param .u64 p" : ".param .u64 p") + n;
    loads += "ld.param.u64 %a" + n + ", [p" + n + "];\n";
  }
  return ".version 8.0\n.target sm_80\n.address_size 64\n" + before + "\n.visible .entry k(" +
         list +
         ")\n{\n.reg .pred %p<10>;\n.reg .b16 %h<10>;\n.reg .b32 %r<40>;\n.reg .b64 %d<40>;\n.reg "
         ".b64 %a<10>;\n.reg .f32 %f<20>;\n" +
         loads + body + "\nret;\n}\n";
}

/// %r0 = thread number in the grid (1-D), %d0 = 4 * that.
inline const char* const kThread =
    "mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r0, %r0, %r1, "
    "%r2; mul.wide.u32 %d0, %r0, 4;\n";

class Runner {
 public:
  explicit Runner(const std::string& ptx, int workers = 1)
      : Runner(ptx, MachineConfig{.memory_bytes = uint64_t{1} << 30, .workers = workers}) {}
  Runner(const std::string& ptx, const MachineConfig& config) : machine_(config) {
    module_ = machine_.load(ptx, "test");
  }

  template <class T>
  struct Buffer {
    uint64_t address = 0;
    T* data = nullptr;
    size_t size = 0;
    T& operator[](size_t i) { return data[i]; }
    std::vector<T> all() const { return {data, data + size}; }
  };
  template <class T>
  Buffer<T> buffer(size_t n, const std::string& label = "buffer") {
    const uint64_t address = machine_.memory().allocate(n * sizeof(T), label);
    auto* data = reinterpret_cast<T*>(machine_.memory().host(address));
    std::fill_n(data, n, T{});
    return {address, data, n};
  }

  LaunchReport run(Dim3 grid, Dim3 block, std::vector<uint64_t> values = {},
                   uint32_t dynamic_shared = 0, bool cooperative = false) {
    std::vector<void*> args;
    for (uint64_t& value : values) args.push_back(&value);
    Launch launch;
    launch.kernel = machine_.kernel(module_, "k");
    launch.grid = grid;
    launch.block = block;
    launch.dynamic_shared = dynamic_shared;
    launch.cooperative = cooperative;
    launch.args = args;
    return machine_.run(launch);
  }

  /// The report of the trap that a launch must end in.
  std::string trap(TrapKind kind, Dim3 grid, Dim3 block, std::vector<uint64_t> values = {},
                   uint32_t dynamic_shared = 0) {
    try {
      run(grid, block, std::move(values), dynamic_shared);
    } catch (const Trap& trap) {
      EXPECT_EQ(trap.kind, kind) << trap.what();
      return trap.what();
    }
    ADD_FAILURE() << "no trap";
    return {};
  }

  Machine& machine() { return machine_; }
  Machine::ModuleId module() const { return module_; }

 private:
  Machine machine_;
  Machine::ModuleId module_ = 0;
};

inline void expect_text(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << text;
}

}  // namespace ptxvm::test
