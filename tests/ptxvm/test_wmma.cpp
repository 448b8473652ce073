// wmma: load, multiply and store against a triple loop in double. The fragments' layout is the
// machine's own affair; what counts is the matrices in memory, row- and column-major, with strides
// larger than the matrix.
#include <cstring>

#include <gtest/gtest.h>

#include "reference/ptxvm/vm.h"
#include "tests/ptxvm/matrix_values.h"

namespace ptxvm::test {
namespace {

constexpr size_t kBytes = 4096;  // of each matrix with its padding

/// A matrix in memory.
struct Stored {
  const MatrixType* type;
  int rows, columns;
  bool by_row;
  uint32_t stride;  // in elements

  Stored(const MatrixType& t, int r, int c, bool row, int padding_bytes)
      : type(&t),
        rows(r),
        columns(c),
        by_row(row),
        stride(uint32_t((row ? c : r) + padding_bytes * 8 / t.bits)) {}

  size_t bit(int r, int c) const {
    return size_t(type->bits) *
           (by_row ? size_t(r) * stride + size_t(c) : size_t(c) * stride + size_t(r));
  }
  void put(std::byte* memory, int r, int c, uint64_t bits) const {
    for (int i = 0; i < type->bits; ++i) {
      const size_t at = bit(r, c) + size_t(i);
      memory[at / 8] |= std::byte(bits >> i & 1) << at % 8;
    }
  }
  uint64_t get(const std::byte* memory, int r, int c) const {
    uint64_t bits = 0;
    for (int i = 0; i < type->bits; ++i) {
      const size_t at = bit(r, c) + size_t(i);
      bits |= uint64_t(memory[at / 8] >> at % 8 & std::byte(1)) << i;
    }
    return bits;
  }
  double value(const std::byte* memory, int r, int c) const {
    return value_of(*type, get(memory, r, c));
  }
};

class Wmma : public testing::Test {
 protected:
  Wmma()
      : machine_({.memory_bytes = uint64_t{16} << 20, .sm = 90, .workers = 1}),
        ptx_(read_text(TCONV_SOURCE_DIR "/tests/ptxvm/ops/wmma.ptx")) {
    module_ = machine_.load(ptx_, "wmma.ptx");
    for (uint64_t& m : matrices_) m = machine_.memory().allocate(kBytes, "matrix");
  }
  std::byte* host(int i) { return machine_.memory().host(matrices_[i]); }

  LaunchReport launch(const std::string& entry, const uint32_t (&strides)[4]) {
    void* args[8];
    uint32_t copies[4];
    for (int i = 0; i < 4; ++i) {
      copies[i] = strides[i];
      args[i] = &matrices_[i];
      args[4 + i] = &copies[i];
    }
    Launch launch;
    launch.kernel = machine_.kernel(module_, entry);
    launch.block = {32};
    launch.args = args;
    return machine_.run(launch);
  }

  void check(const MatrixEntry& e, std::mt19937_64& random) {
    const bool row_a = e.has("arow"), row_b = e.has("brow"), row_c = e.has("crow");
    const Stored a(*e.types[1], e.m, e.k, row_a, 32), b(*e.types[2], e.k, e.n, row_b, 64),
        c(*e.types[3], e.m, e.n, row_c, 32), d(*e.types[0], e.m, e.n, row_c, 16);
    const Stored* inputs[] = {&a, &b, &c};
    for (int i = 0; i < 4; ++i) std::memset(host(i), 0, kBytes);
    for (int i = 0; i < 3; ++i)
      for (int r = 0; r < inputs[i]->rows; ++r)
        for (int k = 0; k < inputs[i]->columns; ++k)
          inputs[i]->put(host(i), r, k, random_pattern(*inputs[i]->type, random));
    const LaunchReport report = launch(e.name, {a.stride, b.stride, c.stride, d.stride});
    EXPECT_EQ(report.counters.at("ptx__tensor_macs"),
              uint64_t(e.m) * uint64_t(e.n) * uint64_t(e.k));
    for (int r = 0; r < e.m; ++r)
      for (int n = 0; n < e.n; ++n) {
        double sum = c.value(host(2), r, n), magnitude = std::abs(sum);
        for (int k = 0; k < e.k; ++k) {
          const double x = a.value(host(0), r, k), y = b.value(host(1), k, n);
          const double product = e.has("xor") ? double(x != y) : x * y;
          sum += product;
          magnitude += std::abs(product);
        }
        if (e.has("satfinite"))
          sum = std::min(std::max(sum, -2147483648.0), 2147483647.0);
        else if (d.type->fraction == 0)
          sum = double(int32_t(uint32_t(uint64_t(int64_t(sum)))));
        const double step = d.type->fraction == 0 ? 0 : d.type->bits == 64 ? 0x1p-52 : 0x1p-24;
        const double allowed = (e.k + 1) * step * magnitude +
                               (d.type->bits == 16 ? 0x1p-11 * std::abs(sum) + 0x1p-25 : 0);
        ASSERT_NEAR(d.value(host(3), r, n), sum, allowed) << e.name << " (" << r << "," << n << ")";
      }
    check_padding(d);
  }

  /// Nothing is written between the rows.
  void check_padding(const Stored& d) {
    std::vector<std::byte> left(host(3), host(3) + kBytes);
    for (int r = 0; r < d.rows; ++r)
      for (int n = 0; n < d.columns; ++n)
        for (int i = 0; i < d.type->bits; ++i) left[(d.bit(r, n) + size_t(i)) / 8] = std::byte(0);
    EXPECT_EQ(left, std::vector<std::byte>(kBytes));
  }

  Machine machine_;
  Machine::ModuleId module_ = 0;
  std::string ptx_;
  uint64_t matrices_[4] = {};
};

TEST_F(Wmma, EveryFormAgainstATripleLoop) {
  const auto entries = matrix_entries(ptx_);
  ASSERT_GT(entries.size(), 50u);
  std::mt19937_64 random(2);
  for (const MatrixEntry& entry : entries)
    for (int round = 0; round < 3; ++round) {
      check(entry, random);
      if (HasFatalFailure()) return;
    }
}

// m16n16k16 f16, f32 accumulators, all in global memory, without padding: A and B
// are 16 runs of 32 bytes, C and D of 64.
TEST_F(Wmma, CountsSectorsOfItsRows) {
  const LaunchReport report =
      launch("wmma_m16n16k16_f32_f16_f16_f32_arow_brow_ccol_generic", {16, 16, 16, 16});
  EXPECT_EQ(report.counters.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 16u + 16u + 32u);
  EXPECT_EQ(report.counters.at("l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum"), 1u + 1u + 2u);
  EXPECT_EQ(report.counters.at("l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"), 32u);
}

TEST_F(Wmma, RowsBeyondTheAllocationAreReported) {
  try {
    launch("wmma_m16n16k16_f32_f16_f16_f32_arow_brow_ccol_generic", {16, 16, 16, 80});
    FAIL();
  } catch (const Trap& trap) {
    EXPECT_EQ(trap.kind, TrapKind::out_of_bounds) << trap.what();
    EXPECT_NE(std::string(trap.what()).find("wmma.store"), std::string::npos) << trap.what();
  }
}

}  // namespace
}  // namespace ptxvm::test
