// mma.m8n8k4 on f16, Volta's: four products at once, each of the lanes 4q..4q+3 and 16+4q..19+4q.
// PTX ISA 9.0, section 9.7.14.5.1.
#include "reference/ptxvm/ops/collective.h"
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {
namespace {

/// Where element (row or column `outer`, `k`) of A or B lies, of a product whose first lane is
/// 4 * quad, among two registers of 64 f16: threads by `outer` if a thread's elements run along k,
/// else threads by k. Of the eight threads four are 16 lanes further on.
constexpr int lane_of(int quad, int thread) { return 4 * quad + thread + (thread < 4 ? 0 : 12); }
constexpr int input_place(int quad, int outer, int k, bool along_k) {
  const int thread = along_k ? outer : k + (outer & 4), element = along_k ? k : outer & 3;
  return element / 2 * 64 + 2 * lane_of(quad, thread) + element % 2;
}
/// Of C and D: among registers of 64 f16, or of 32 f32.
constexpr int accumulator_place(int quad, int row, int column, bool half) {
  if (half) return column / 2 * 64 + 2 * lane_of(quad, row) + column % 2;
  return ((column & 4) + (row & 2) + (column & 1)) * 32 +
         lane_of(quad, (row & 4) + (row & 1) + (column & 2));
}

/// The places of all elements, product by product: A 8 x 4, B 4 x 8, C 8 x 8, row-major.
struct Places {
  uint16_t a[2][128] = {}, b[2][128] = {}, c[2][256] = {};
  constexpr Places() {
    for (int quad = 0; quad < 4; ++quad)
      for (int i = 0; i < 64; ++i) {
        for (const bool flag : {false, true}) {
          c[flag][quad * 64 + i] = uint16_t(accumulator_place(quad, i / 8, i % 8, flag));
          if (i >= 32) continue;
          a[flag][quad * 32 + i] = uint16_t(input_place(quad, i / 4, i % 4, flag));
          b[flag][quad * 32 + i] = uint16_t(input_place(quad, i % 8, i / 8, flag));
        }
      }
  }
};
constexpr Places kPlaces;

template <int count>
PTXVM_INLINE void gather(const float* from, const uint16_t (&places)[count], float* to) {
  for (int i = 0; i < count; ++i) to[i] = from[places[i]];
}

/// c += a * b, 8 x 4 times 4 x 8.
PTXVM_INLINE void multiply(const float* a, const float* b, float* c) {
  constexpr int n = kVectorBytes / 4 < 8 ? kVectorBytes / 4 : 8;
  using V = Vec<float, n>;
  for (int row = 0; row < 8; ++row)
    for (int x = 0; x < 8; x += n) {
      V sum = load<float, n>(c + row * 8 + x);
      for (int k = 0; k < 4; ++k)
        sum = fused(splat<V>(a[row * 4 + k]), load<float, n>(b + k * 8 + x), sum);
      store<float, n>(c + row * 8 + x, sum);
    }
}

}  // namespace

const Op* mma_quad_pairs(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const auto f = __builtin_bit_cast(MmaForm, op->imm);
  const bool c_half = f.has(MmaForm::c_half), d_half = f.has(MmaForm::d_half);
  const MmaOperands at(op, f, d_half ? 4 : 8);
  alignas(64) float registers[256], a[128], b[128], c[256];
  for (int i = 0; i < 2; ++i) decode(Element::f16, lanes<uint32_t>(w, at.a[i]), registers + 64 * i);
  gather(registers, kPlaces.a[!f.has(MmaForm::a_column)], a);
  for (int i = 0; i < 2; ++i) decode(Element::f16, lanes<uint32_t>(w, at.b[i]), registers + 64 * i);
  gather(registers, kPlaces.b[f.has(MmaForm::b_column)], b);
  for (int i = 0; i < (c_half ? 4 : 8); ++i) {
    if (c_half)
      decode(Element::f16, lanes<uint32_t>(w, at.c[i]), registers + 64 * i);
    else
      __builtin_memcpy(registers + 32 * i, lanes<float>(w, at.c[i]), 128);
  }
  gather(registers, kPlaces.c[c_half], c);
  for (int quad = 0; quad < 4; ++quad) multiply(a + quad * 32, b + quad * 32, c + quad * 64);
  for (int i = 0; i < 256; ++i) registers[kPlaces.c[d_half][i]] = c[i];
  for (int i = 0; i < (d_half ? 4 : 8); ++i) {
    if (d_half)
      encode_half(registers + 64 * i, lanes<uint32_t>(w, at.d[i]));
    else
      __builtin_memcpy(lanes<float>(w, at.d[i]), registers + 32 * i, 128);
  }
  return op + 1;
}

}  // namespace ptxvm::PTXVM_ISA
