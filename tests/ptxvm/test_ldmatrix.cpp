// ldmatrix, stmatrix, movmatrix. Lane l's register i holds elements (l / 4, 2 * (l % 4)) and the
// one to its right of matrix i, whose rows are where lanes 8i .. 8i+7 point (PTX ISA 9.0,
// 9.7.14.5.15); with .trans, of the transposed matrix.
#include <cstring>

#include <gtest/gtest.h>

#include "reference/ptxvm/vm.h"
#include "tests/ptxvm/matrix_values.h"

namespace ptxvm::test {
namespace {

constexpr size_t kShared = 8192;

class Matrices : public testing::TestWithParam<std::string> {
 protected:
  Matrices() : machine_({.memory_bytes = uint64_t{16} << 20, .sm = 90, .workers = 1}) {
    in_ = machine_.memory().allocate(kShared, "in");
    out_ = machine_.memory().allocate(kShared, "out");
    for (size_t i = 0; i < kShared / 2; ++i) input()[i] = uint16_t(40000 + i);
    std::memset(machine_.memory().host(out_), 0, kShared);
  }
  uint16_t* input() { return reinterpret_cast<uint16_t*>(machine_.memory().host(in_)); }
  const uint16_t* output() { return reinterpret_cast<uint16_t*>(machine_.memory().host(out_)); }

  Counters run(const std::string& file, const std::string& entry, uint32_t pitch,
               Dim3 block = {32}) {
    const auto module =
        machine_.load(read_text(TCONV_SOURCE_DIR "/tests/ptxvm/ops/" + file + ".ptx"), file);
    void* args[] = {&in_, &out_, &pitch};
    Launch launch;
    launch.kernel = machine_.kernel(module, entry);
    launch.block = block;
    launch.args = args;
    return machine_.run(launch).counters;
  }

  Machine machine_;
  uint64_t in_ = 0, out_ = 0;
};

int count_of(const std::string& name) { return name[1] - '0'; }

TEST_P(Matrices, Load) {
  const bool transposed = GetParam().find("trans") != std::string::npos;
  for (const uint32_t pitch : {16u, 80u, 256u}) {
    const Counters counters = run("ldmatrix", GetParam(), pitch);
    for (int i = 0; i < count_of(GetParam()); ++i)
      for (int lane = 0; lane < 32; ++lane)
        for (int e = 0; e < 2; ++e) {
          const int row = lane / 4, column = lane % 4 * 2 + e;
          const int r = transposed ? column : row, c = transposed ? row : column;
          const uint16_t expected = input()[(8 * size_t(i) + size_t(r)) * pitch / 2 + size_t(c)];
          ASSERT_EQ(output()[size_t(i) * 64 + size_t(lane) * 2 + size_t(e)], expected)
              << pitch << " " << i << " " << lane;
        }
    // Eight rows of 16 bytes: side by side they use each bank once; 256 bytes apart all the same
    // four.
    const auto matrices = uint64_t(count_of(GetParam()));
    const uint64_t passes = pitch == 256 ? 8 * matrices : matrices;
    EXPECT_EQ(counters.at("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"), passes);
    EXPECT_EQ(counters.at("ptx__shared_requests_op_ld"), 1u);
  }
}

TEST_P(Matrices, Store) {
  const bool transposed = GetParam().find("trans") != std::string::npos;
  for (const uint32_t pitch : {16u, 80u, 256u}) {
    run("stmatrix", GetParam(), pitch);
    for (int i = 0; i < count_of(GetParam()); ++i)
      for (int lane = 0; lane < 32; ++lane)
        for (int e = 0; e < 2; ++e) {
          const int row = lane / 4, column = lane % 4 * 2 + e;
          const int r = transposed ? column : row, c = transposed ? row : column;
          const uint16_t stored = output()[(8 * size_t(i) + size_t(r)) * pitch / 2 + size_t(c)];
          ASSERT_EQ(stored, input()[size_t(i) * 64 + size_t(lane) * 2 + size_t(e)])
              << pitch << " " << i << " " << lane;
        }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Matrices,
                         testing::Values("x1", "x1_trans", "x1_generic", "x1_trans_generic", "x2",
                                         "x2_trans", "x2_generic", "x2_trans_generic", "x4",
                                         "x4_trans", "x4_generic", "x4_trans_generic"),
                         [](const auto& form) { return form.param; });

TEST_F(Matrices, Move) {
  run("movmatrix", "move", 0);
  for (size_t lane = 0; lane < 32; ++lane)
    for (size_t e = 0; e < 2; ++e)
      ASSERT_EQ(output()[lane * 2 + e], input()[(lane % 4 * 2 + e) * 8 + lane / 4]);
}

TEST_F(Matrices, RowsMustBeAlignedAndInTheBlock) {
  for (const auto& [pitch, kind] :
       {std::pair{24u, TrapKind::misaligned}, {512u, TrapKind::out_of_bounds}}) {
    try {
      run("ldmatrix", "x4", pitch);
      FAIL() << pitch;
    } catch (const Trap& trap) {
      EXPECT_EQ(trap.kind, kind) << trap.what();
    }
  }
}

TEST_F(Matrices, HalfAWarpIsRefused) {
  try {
    run("movmatrix", "move", 0, {16});
    FAIL();
  } catch (const Trap& trap) {
    EXPECT_EQ(trap.kind, TrapKind::barrier_misuse) << trap.what();
  }
}

}  // namespace
}  // namespace ptxvm::test
