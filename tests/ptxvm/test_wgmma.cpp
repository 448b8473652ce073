// wgmma against a triple loop in double. Matrices go to shared memory by the pictures of PTX ISA
// 9.0, section 9.7.15.5.1.2 (a row of a swizzle atom is `swizzle` bytes; its 16-byte units change
// places by the row's number), and fragments to threads by those of 9.7.15.5.1.1.
#include <bit>

#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

struct Layout {
  uint32_t swizzle = 16;  // bytes; 16: none
  bool k_major = true;
  uint32_t first_unit = 0;  // of a row of the atom: the matrix begins there
};

struct Case {
  const char* entry;
  const char *d, *a, *b;
  uint32_t n;
  bool registers = false;
  Layout a_layout, b_layout;
  int sign = 1;  // of the product
  bool saturates = false;
  bool accumulates = true;
  int selector = -1;  // of a sparse A
  bool bits = false;  // bytes of A and B are eight elements: products are ones that both have
};

/// Two of four columns of a row, or one of two, by the threads' metadata (9.7.15.6.1): which
/// logical column each packed one is.
std::vector<uint32_t> sparse_columns(int bits, int selector, uint32_t* metadata,
                                     std::mt19937_64& random) {
  const uint32_t packed = 256 / uint32_t(bits), threads = bits == 8 ? 4 : 2;
  std::vector<uint32_t> columns(64 * packed);
  for (uint32_t t = 0; t < 128; ++t) {
    metadata[t] = uint32_t(random());
    const uint32_t first = uint32_t(selector) * threads, thread = t % 4 - first;
    if (thread >= threads) continue;
    metadata[t] = 0;
    for (uint32_t p = 0; p < 8; ++p) {
      const uint32_t low_row = t / 32 * 16 + t % 32 / 4;
      const uint32_t row = low_row + 8 * (bits == 8 ? thread % 2 : p / 4);
      const uint32_t chunk = bits == 8 ? thread / 2 * 8 + p : thread * 4 + p % 4;
      const uint32_t i = uint32_t(random() % 3), j = i + 1 + uint32_t(random() % (3 - i));
      if (bits == 32) {
        columns[row * packed + chunk] = 2 * chunk + i % 2;
        metadata[t] |= (i % 2 ? 0b1110u : 0b0100u) << 4 * p;
      } else {
        columns[row * packed + 2 * chunk] = 4 * chunk + i;
        columns[row * packed + 2 * chunk + 1] = 4 * chunk + j;
        metadata[t] |= (i | j << 2) << 4 * p;
      }
    }
  }
  return columns;
}

/// A matrix of rows (of M or N) times k in an image of shared memory.
class Shared {
 public:
  Shared(Layout layout, uint32_t base, uint32_t rows, uint32_t bytes)
      : layout_(layout), base_(base), rows_(rows), bytes_(bytes) {}

  uint32_t place(uint32_t row, uint32_t k) const {
    const uint32_t unit = 16 / bytes_, s = layout_.swizzle;
    const uint32_t line = layout_.k_major ? row : k, along = layout_.k_major ? k : row;
    const uint32_t column = along / unit + layout_.first_unit, byte = along % unit * bytes_;
    if (s == 16) return base_ + line % 8 * 16 + line / 8 * line_step() + column * step() + byte;
    const uint32_t in_line = s / 16, turned = line % 8 / (128 / s);
    return base_ + line / 8 * line_step() + column / in_line * step() + line % 8 * s +
           (column % in_line ^ turned) * 16 + byte;
  }
  uint64_t descriptor() const {
    const uint64_t start = base_ + (layout_.swizzle == 16 ? 0 : layout_.first_unit * 16);
    // Without swizzling the stride offset is along M or N, whatever is contiguous.
    const bool by_line = layout_.swizzle != 16 || layout_.k_major;
    const uint64_t stride = by_line ? line_step() : step(),
                   leading = by_line ? step() : line_step();
    const uint64_t mode = layout_.swizzle == 128  ? 1
                          : layout_.swizzle == 64 ? 2
                          : layout_.swizzle == 32 ? 3
                                                  : 0;
    return start >> 4 | leading >> 4 << 16 | stride >> 4 << 32 | mode << 62;
  }

 private:
  /// From 8 lines to the next 8, and from one atom to the next along a line.
  uint32_t line_step() const {
    if (layout_.swizzle == 16) return layout_.k_major ? 512 : 128 * (rows_ / 8) + 64;
    return layout_.swizzle * 8;
  }
  uint32_t step() const { return layout_.swizzle == 16 ? 128 : layout_.swizzle * 16; }

  Layout layout_;
  uint32_t base_, rows_, bytes_;
};

uint32_t bits_at(const uint8_t* bytes, uint32_t count) {
  uint32_t bits = 0;
  std::memcpy(&bits, bytes, count);
  return bits;
}

void check(const Case& c) {
  SCOPED_TRACE(std::string(c.entry) + " " + std::to_string(c.a_layout.swizzle) + " " +
               std::to_string(c.b_layout.swizzle));
  const MatrixType &ta = matrix_type(c.a), &tb = matrix_type(c.b), &td = matrix_type(c.d);
  const uint32_t bytes = uint32_t(ta.bits) / 8, packed = 32 / bytes,
                 depth = packed * (c.selector < 0 ? 1 : 2);
  const bool half = td.bits == 16, integer = td.fraction == 0;
  const uint32_t words = c.n / (half ? 4 : 2);
  FileRunner run("wgmma.ptx");
  auto* image = reinterpret_cast<uint8_t*>(run.buffer(8192));
  auto* fragment = reinterpret_cast<uint8_t*>(run.buffer(512));
  uint32_t* before = run.buffer(size_t{128} * words);
  const uint32_t* after = run.buffer(size_t{128} * words);
  auto* args = reinterpret_cast<uint64_t*>(run.buffer(8 + 128));
  std::mt19937_64 random(c.n + c.a_layout.swizzle + 7 * c.b_layout.swizzle);
  for (uint32_t i = 0; i < 32768; ++i) image[i] = uint8_t(random());

  const Shared left(c.a_layout, 0, 64, bytes), right(c.b_layout, 16384, c.n, bytes);
  std::vector<double> a(64 * depth), b(size_t{c.n} * depth);
  std::vector<uint32_t> columns;
  if (c.selector >= 0)
    columns = sparse_columns(ta.bits, c.selector, reinterpret_cast<uint32_t*>(args + 4), random);
  for (uint32_t m = 0; m < 64; ++m)
    for (uint32_t k = 0; k < packed; ++k) {
      const uint64_t pattern = random_pattern(ta, random);
      a[m * depth + (c.selector < 0 ? k : columns[m * packed + k])] = value_of(ta, pattern);
      std::memcpy(image + left.place(m, k), &pattern, bytes);
      const uint32_t unit = 16 / bytes, each = 4 / bytes;
      const uint32_t lane = m % 8 * 4 + k % unit / each, reg = m % 16 / 8 + k / unit * 2;
      std::memcpy(fragment + (m / 16 * 32 + lane) * 16 + reg * 4 + k % each * bytes, &pattern,
                  bytes);
    }
  for (uint32_t n = 0; n < c.n; ++n)
    for (uint32_t k = 0; k < depth; ++k) {
      const uint64_t pattern = random_pattern(tb, random);
      b[n * depth + k] = value_of(tb, pattern);
      std::memcpy(image + right.place(n, k), &pattern, bytes);
    }
  const uint32_t width = uint32_t(td.bits) / 8;
  const auto place_d = [&](uint32_t m, uint32_t n) {
    const uint32_t thread = m / 16 * 32 + m % 8 * 4 + n % 8 / 2;
    const uint32_t value = n / 8 * 4 + m % 16 / 8 * 2 + n % 2;
    return (thread * words) * 4 + value * width;
  };
  for (uint32_t i = 0; i < 64 * c.n; ++i) {
    const uint64_t pattern = random_pattern(td, random);
    std::memcpy(reinterpret_cast<uint8_t*>(before) + place_d(i / c.n, i % c.n), &pattern, width);
  }
  args[0] = left.descriptor(), args[1] = right.descriptor(), args[2] = c.accumulates;
  const LaunchReport report = run.run(c.entry, 128);
  EXPECT_EQ(report.counters.at("ptx__tensor_macs"), uint64_t{64} * c.n * packed * (c.bits ? 8 : 1));

  for (uint32_t m = 0; m < 64; ++m)
    for (uint32_t n = 0; n < c.n; ++n) {
      const auto value = [&](const uint32_t* from) {
        return value_of(td, bits_at(reinterpret_cast<const uint8_t*>(from) + place_d(m, n), width));
      };
      double expected = c.accumulates ? value(before) : 0, size = std::abs(expected);
      for (uint32_t k = 0; k < depth; ++k) {
        const double x = a[m * depth + k], y = b[n * depth + k];
        const double product = c.bits ? std::popcount(uint32_t(x) & uint32_t(y)) : c.sign * x * y;
        expected += product;
        size += std::abs(product);
      }
      if (integer && c.saturates) expected = std::clamp(expected, -0x1p31, 0x1p31 - 1);
      if (integer && !c.saturates) expected = double(int32_t(uint32_t(int64_t(expected))));
      const double bound = integer ? 0 : half ? size * 0x1p-10 : size * 0x1p-19;
      ASSERT_NEAR(value(after), expected, bound) << m << " " << n;
    }
}

TEST(Wgmma, SwizzlesByK) {
  for (const uint32_t a : {16u, 32u, 64u, 128u})
    for (const uint32_t b : {16u, 32u, 64u, 128u})
      check({"f16_n16",
             "f32",
             "f16",
             "f16",
             16,
             false,
             {a, true, a >= 64 ? 2u : 0u},
             {b, true, b == 128 ? 6u : 0u}});
}

TEST(Wgmma, SwizzlesByMAndN) {
  for (const uint32_t a : {16u, 32u, 64u, 128u})
    for (const uint32_t b : {16u, 32u, 64u, 128u})
      check({"f16_n128_tt", "f32", "f16", "f16", 128, false, {a, false}, {b, false}, -1});
}

TEST(Wgmma, Types) {
  check({"f16_n16_half", "f16", "f16", "f16", 16, false, {64}, {16}, -1});
  check({"bf16_n24_regs", "f32", "bf16", "bf16", 24, true, {}, {16, false}});
  check({"tf32_n8", "f32", "tf32", "tf32", 8, false, {128, true, 4}, {32}});
  check({"e4m3_n16", "f32", "e4m3", "e5m2", 16, false, {32}, {64, true, 2}});
  check({"s8_n16", "s32", "s8", "u8", 16, false, {128}, {128, true, 2}, 1, true});
  check({"u8_n8_regs", "s32", "u8", "u8", 8, true, {}, {16}});
}

TEST(Wgmma, Sparse) {
  check({"f16_n16_sp0", "f32", "f16", "f16", 16, false, {}, {128}, 1, false, true, 0});
  check({"f16_n16_sp1", "f32", "f16", "f16", 16, false, {64}, {64}, 1, false, true, 1});
  check({"bf16_n24_regs_sp", "f32", "bf16", "bf16", 24, true, {}, {16, false}, 1, false, true, 0});
  check({"tf32_n8_sp", "f32", "tf32", "tf32", 8, false, {128, true, 4}, {32}, 1, false, true, 1});
  check({"e4m3_n16_sp", "f32", "e4m3", "e5m2", 16, false, {32}, {64}, 1, false, true, 0});
  check({"s8_n16_sp", "s32", "s8", "u8", 16, false, {128}, {16}, 1, true, true, 0});
}

TEST(Wgmma, Bits) {
  check({"b1_n16", "s32", "u8", "u8", 16, false, {128}, {32}, 1, false, true, -1, true});
}

TEST(Wgmma, AllFourWarpsTakePart) {
  FileRunner run("wgmma.ptx");
  for (const size_t n : {8192, 512, 1024, 1024}) run.buffer(n);
  run.buffer(6);
  run.expect_trap("missing_warp", 128, TrapKind::barrier_misuse, "warp 3 executed 0, warp 0 1");
  run.expect_trap("f16_n16", 96, TrapKind::barrier_misuse, "of 3 warps");
}

TEST(Wgmma, WithoutD) {
  check({"f16_n16", "f32", "f16", "f16", 16, false, {}, {}, 1, false, false});
  check({"s8_n16", "s32", "s8", "u8", 16, false, {}, {}, 1, true, false});
}

TEST(Wgmma, DescriptorsAreChecked) {
  FileRunner run("wgmma.ptx");
  for (const size_t n : {8192, 512, 1024, 1024}) run.buffer(n);
  auto* args = reinterpret_cast<uint64_t*>(run.buffer(6));
  args[0] = 32768 >> 4;
  run.expect_trap("f16_n16", 128, TrapKind::out_of_bounds, "a matrix descriptor leads beyond");
  run.expect_trap("f16_n16", 96 + 16, TrapKind::barrier_misuse, "all 32 threads of a warp");
}

}  // namespace
}  // namespace ptxvm::test
