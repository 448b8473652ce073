// A machine that runs one tensor copy and shows what came of it.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/ptxvm/tensor_map.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm::test {

inline constexpr uint32_t kShared = 32768;  // bytes that a kernel shows

/// Kernels for one form of each instruction. The map is a parameter; %c0 to %c4 are coordinates,
/// %o0 to %o2 offsets. Shared memory starts as bytes 0xcd, or as the first kShared bytes of `io`.
inline std::string kernel(const std::string& body) {
  std::string text =
      ".version 9.0\n.target sm_90a\n.address_size 64\n.visible .entry k(.param .align 128 .b8 "
      "map[128], .param .u64 pio, .param .u32 ptx, .param .u32 pgiven";
  for (int i = 0; i < 5; ++i) text += ", .param .u32 pc" + std::to_string(i);
  for (int i = 0; i < 3; ++i) text += ", .param .u32 po" + std::to_string(i);
  text +=
      ")\n{\n.shared .align 1024 .b8 s[32768]; .shared .align 8 .b8 b[8];\n"
      ".reg .b64 m, io, at, state, policy; .reg .b32 t, i, v, tx, rank, c<5>, k<3>; .reg .b16 "
      "o<3>, mask; .reg .pred first, more, done, given;\n"
      "mov.b64 m, map; cvta.param.u64 m, m; ld.param.u64 io, [pio]; ld.param.u32 tx, [ptx]; "
      "mov.u32 t, %tid.x; mov.u32 rank, %cluster_ctarank; mov.u64 policy, 0; mov.u16 mask, 3;\n";
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    text += "ld.param.u32 c" + n + ", [pc" + n + "]; ";
  }
  for (int i = 0; i < 3; ++i) {
    const std::string n = std::to_string(i);
    text += "ld.param.u32 k" + n + ", [po" + n + "]; cvt.u16.u32 o" + n + ", k" + n + "; ";
  }
  return text + R"(
ld.param.u32 v, [pgiven]; setp.ne.u32 given, v, 0; mov.u32 i, t;
fill:
mul.wide.u32 at, i, 4; add.u64 at, at, io; mov.u32 v, 0xcdcdcdcd; @given ld.global.u32 v, [at];
shl.b32 k0, i, 2; mov.u32 k1, s; add.u32 k0, k0, k1; st.shared.u32 [k0], v;
add.u32 i, i, 128; setp.lt.u32 more, i, 8192; @more bra fill;
setp.eq.u32 first, t, 0; @first mbarrier.init.shared.b64 [b], 1; fence.mbarrier_init.release.cluster;
fence.proxy.async; barrier.cluster.arrive; barrier.cluster.wait;
@!first bra wait;
)" + body +
         "\nret;\n}\n";
}
inline const char* const kArrive = "mbarrier.arrive.expect_tx.shared.b64 state, [b], tx;\n";
/// Each block shows its shared memory, block 1 behind block 0, or traps if its bytes do not come.
inline const char* const kShow = R"(
wait:
mov.u32 i, 0;
ask:
mbarrier.try_wait.parity.shared.b64 done, [b], 0; @done bra there;
add.u32 i, i, 1; setp.lt.u32 more, i, 1000; @more bra ask; trap;
there:
mov.u32 i, t; mul.wide.u32 at, rank, 32768; add.u64 io, io, at;
show:
shl.b32 k0, i, 2; mov.u32 k1, s; add.u32 k0, k0, k1; ld.shared.u32 v, [k0];
mul.wide.u32 at, i, 4; add.u64 at, at, io; st.global.u32 [at], v;
add.u32 i, i, 128; setp.lt.u32 more, i, 8192; @more bra show;
barrier.cluster.arrive; barrier.cluster.wait;
)";
inline const char* const kCommit =
    "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;\nwait:\n";

inline std::string numbered(const char* stem, uint32_t n) {
  std::string list = "{";
  for (uint32_t i = 0; i < n; ++i) list += (i ? ", " : "") + (stem + std::to_string(i));
  return list + "}";
}

struct Copy {
  TensorMap map;
  int32_t at[5] = {};
  uint32_t offsets[3] = {};
};

inline std::string rank_of(const Copy& copy) { return std::to_string(copy.map.rank()) + "d"; }

inline std::string load_text(const Copy& copy, bool multicast = false, bool policy = false) {
  const bool im2col = copy.map.mode == TensorMode::im2col;
  return "cp.async.bulk.tensor." + rank_of(copy) + ".shared::cluster.global" +
         (im2col ? ".im2col" : ".tile") + ".mbarrier::complete_tx::bytes" +
         (multicast ? ".multicast::cluster" : "") + (policy ? ".L2::cache_hint" : "") +
         " [s], [m, " + numbered("c", copy.map.rank()) + "], [b]" +
         (im2col ? ", " + numbered("o", copy.map.rank() - 2) : "") + (multicast ? ", mask" : "") +
         (policy ? ", policy" : "") + ";\n";
}
inline std::string store_text(const Copy& copy, const std::string& combine = "") {
  return std::string(combine.empty() ? "cp.async" : "cp.reduce.async") + ".bulk.tensor." +
         rank_of(copy) + ".global.shared::cta" + (combine.empty() ? "" : "." + combine) +
         (copy.map.mode == TensorMode::im2col ? ".im2col_no_offs" : ".tile") + ".bulk_group [m, " +
         numbered("c", copy.map.rank()) + "], [s];\n";
}

class Device {
 public:
  explicit Device(std::optional<Checks> checks = std::nullopt)
      : machine_({.memory_bytes = uint64_t{16} << 20, .sm = 90, .workers = 1, .checks = checks}) {
    io_ = machine_.memory().allocate(2 * kShared, "io");
  }
  uint64_t tensor(size_t bytes) { return machine_.memory().allocate(bytes, "tensor"); }
  std::byte* host(uint64_t address) { return machine_.memory().host(address); }
  std::vector<uint8_t> shown(uint32_t block = 0) {
    const auto* io = reinterpret_cast<const uint8_t*>(host(io_)) + block * kShared;
    return {io, io + kShared};
  }
  void give(const std::vector<uint8_t>& shared) {
    std::memcpy(host(io_), shared.data(), kShared);
    given_ = 1;
  }
  LaunchReport run(const std::string& body, const Copy& copy, uint32_t tx, uint32_t blocks = 1) {
    const std::string text = kernel(body);
    auto [module, added] = modules_.try_emplace(text);
    if (added) module->second = machine_.load(text, "test");
    Copy c = copy;
    std::vector<void*> args{&c.map, &io_, &tx, &given_};
    for (int32_t& at : c.at) args.push_back(&at);
    for (uint32_t& offset : c.offsets) args.push_back(&offset);
    Launch launch;
    launch.kernel = machine_.kernel(module->second, "k");
    launch.grid = launch.cluster = {blocks};
    launch.block = {128};
    launch.args = args;
    return machine_.run(launch);
  }
  /// An entry of another module that takes an address.
  void run_alone(const char* text, const char* name, uint64_t address) {
    Launch launch;
    launch.kernel = machine_.kernel(machine_.load(text, "other"), name);
    void* args[] = {&address};
    launch.args = args;
    machine_.run(launch);
  }
  Memory& memory() { return machine_.memory(); }
  void expect_trap(const std::string& body, const Copy& copy, TrapKind kind,
                   const std::string& part) {
    try {
      run(body, copy, 16);
      ADD_FAILURE() << "no trap: " << part;
    } catch (const Trap& trap) {
      EXPECT_EQ(trap.kind, kind) << trap.what();
      EXPECT_NE(std::string(trap.what()).find(part), std::string::npos) << trap.what();
    }
  }

 private:
  Machine machine_;
  uint64_t io_ = 0;
  uint32_t given_ = 0;
  std::map<std::string, Machine::ModuleId> modules_;
};

/// A map of 4 rows of 16 f32 (64 bytes), one box.
inline Copy small(Device& device, TensorType type = TensorType::f32) {
  Copy copy;
  copy.map.type = type;
  copy.map.last_dimension = 1;
  copy.map.sizes[0] = 16, copy.map.sizes[1] = 4;
  copy.map.strides[0] = 64;
  copy.map.box[0] = 16, copy.map.box[1] = 4;
  copy.map.steps[0] = copy.map.steps[1] = 1;
  copy.map.address = device.tensor(256);
  return copy;
}

inline std::string describe(const Copy& copy) {
  const TensorMap& m = copy.map;
  std::string text = "rank " + std::to_string(m.rank()) + " type " + std::to_string(int(m.type)) +
                     " swizzle " + std::to_string(int(m.swizzle)) + "/" +
                     std::to_string(int(m.atom)) + " interleave " +
                     std::to_string(int(m.interleave));
  for (uint32_t i = 0; i < m.rank(); ++i)
    text += " [" + std::to_string(m.sizes[i]) + " box " + std::to_string(m.box[i]) + " step " +
            std::to_string(m.steps[i]) + " at " + std::to_string(copy.at[i]) + "]";
  return text;
}

inline void expect_same(const std::vector<uint8_t>& got, const std::vector<uint8_t>& expected,
                        const Copy& copy) {
  const auto [g, e] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  if (g == got.end()) return;
  ADD_FAILURE() << describe(copy) << ": byte " << g - got.begin() << " is " << int(*g) << ", not "
                << int(*e);
}

}  // namespace ptxvm::test
