// tensormap.replace and tensormap.cp_fenceproxy, and what makes a tensor map unfit for copies.
#include <functional>

#include "reference/ptxvm/tensor_map.h"
#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

TEST(TensorMapOps, BuildMoveAndUse) {
  FileRunner run("tensormap.ptx");
  uint32_t* in = run.buffer(72);
  const uint32_t* out = run.buffer(64);
  for (uint32_t i = 0; i < 72; ++i) in[i] = 1000 + i;
  run.run("build", 32);
  for (uint32_t row = 0; row < 4; ++row)
    for (uint32_t column = 0; column < 8; ++column) {
      const bool inside = column < 6;
      const uint32_t value = 1000 + (row + 3) * 12 + column + 6;
      // All 128 bytes are one line: the 32-byte swizzle changes nothing in line 0.
      EXPECT_EQ(out[row * 8 + column], inside && row < 3 ? value : 0) << row << " " << column;
      EXPECT_EQ(out[32 + row * 8 + column], inside && row < 2 ? value + 12 : 0)
          << row << " " << column;
    }
}

TEST(TensorMapOps, Misuse) {
  FileRunner run("tensormap.ptx");
  run.buffer(72);
  run.buffer(64);
  run.expect_trap("too_large", 1, TrapKind::illegal_instruction,
                  "field box_dim of a tensor map cannot be 257");
  run.expect_trap("between", 1, TrapKind::misaligned, "not a multiple of 64");
}

TensorMap tiled() {
  TensorMap map;
  map.last_dimension = 2;
  map.type = TensorType::f16;
  map.address = 4096;
  for (uint32_t i = 0; i < 3; ++i) map.sizes[i] = 64, map.box[i] = 8, map.steps[i] = 1;
  map.strides[0] = 128, map.strides[1] = 8192;
  return map;
}
TensorMap column() {
  TensorMap map = tiled();
  map.mode = TensorMode::im2col;
  map.channels = 8, map.pixels = 16;
  return map;
}

TEST(TensorMapRules, EachIsNamed) {
  struct Case {
    const char* error;
    std::function<void(TensorMap&)> change;
  };
  const Case tiles[] = {
      {"", [](TensorMap&) {}},
      {"", [](TensorMap& m) { m.sizes[2] = 0; }},  // 2^32
      {"", [](TensorMap& m) { m.steps[0] = 0; }},  // not looked at without interleave
      {"rank is more than 5", [](TensorMap& m) { m.last_dimension = 5; }},
      {"no such element type", [](TensorMap& m) { m.type = TensorType(16); }},
      {"no such swizzle mode", [](TensorMap& m) { m.swizzle = TensorSwizzle(4); }},
      {"address is not a multiple of 16", [](TensorMap& m) { m.address += 8; }},
      {"stride 1 is not a multiple of 16", [](TensorMap& m) { m.strides[1] += 8; }},
      {"stride 0 is 2^40", [](TensorMap& m) { m.strides[0] = uint64_t{1} << 40; }},
      {"box dimension 1 is not 1 to 256", [](TensorMap& m) { m.box[1] = 257; }},
      {"inner dimension is not a multiple of 16", [](TensorMap& m) { m.box[0] = 4; }},
      {"stride 2 is not 1 to 8", [](TensorMap& m) { m.steps[2] = 9; }},
      {"wider than the swizzle's 32 bytes",
       [](TensorMap& m) { m.box[0] = 24, m.swizzle = TensorSwizzle::bytes32; }},
      {"wider than the swizzle's 128 bytes",
       [](TensorMap& m) { m.box[0] = 72, m.swizzle = TensorSwizzle::bytes128; }},
      {"has 3 dimensions at least",
       [](TensorMap& m) { m.last_dimension = 1, m.interleave = TensorInterleave::bytes16; }},
      {"needs the 32-byte swizzle", [](TensorMap& m) { m.interleave = TensorInterleave::bytes32; }},
      {"address is not a multiple of 32",
       [](TensorMap& m) {
         m.interleave = TensorInterleave::bytes32, m.swizzle = TensorSwizzle::bytes32;
         m.address += 16;
       }},
      {"only floating-point tensors",
       [](TensorMap& m) { m.type = TensorType::u16, m.fill = TensorFill::nan; }},
      {"not a multiple of 128 values", [](TensorMap& m) { m.type = TensorType::b6x16_p32; }},
      {"is 128 values wide",
       [](TensorMap& m) { m.type = TensorType::b4x16_p64, m.sizes[0] = 128; }},
      {"no 8-byte flip",
       [](TensorMap& m) {
         m.type = TensorType::b6x16_p32, m.swizzle = TensorSwizzle::bytes128;
         m.atom = SwizzleAtom::bytes32_flip8, m.sizes[0] = 128;
       }},
      {"dimension 0 is odd",
       [](TensorMap& m) { m.type = TensorType::b4x16, m.sizes[0] = 63, m.box[0] = 32; }},
  };
  const Case columns[] = {
      {"", [](TensorMap&) {}},
      {"im2col needs 3 dimensions", [](TensorMap& m) { m.last_dimension = 1; }},
      {"channels per pixel are not 1 to 256", [](TensorMap& m) { m.channels = 264; }},
      {"pixels per column are not 1 to 1024", [](TensorMap& m) { m.pixels = 0; }},
      {"inner dimension is not a multiple of 16", [](TensorMap& m) { m.channels = 9; }},
      {"the pixel box is empty", [](TensorMap& m) { m.lower[0] = 60, m.upper[0] = -4; }},
      {"a corner of the pixel box is not -128 to 127",
       [](TensorMap& m) { m.last_dimension = 3, m.sizes[3] = m.steps[3] = 1, m.lower[1] = 128; }},
      {"a corner of the pixel box is not -16 to 15",
       [](TensorMap& m) {
         m.last_dimension = 4, m.upper[2] = -17;
         m.sizes[3] = m.steps[3] = m.sizes[4] = m.steps[4] = 1;
       }},
  };
  const auto test = [](const Case& c, TensorMap map) {
    c.change(map);
    const std::string error = tensor_map_error(map);
    if (*c.error == '\0')
      EXPECT_EQ(error, "");
    else
      EXPECT_NE(error.find(c.error), std::string::npos) << error << "\n  is not: " << c.error;
  };
  for (const Case& c : tiles) test(c, tiled());
  for (const Case& c : columns) test(c, column());
}

}  // namespace
}  // namespace ptxvm::test
