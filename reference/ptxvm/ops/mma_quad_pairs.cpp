// mma.m8n8k4 on f16, Volta's: four products at once, each of the lanes 4q..4q+3 and 16+4q..19+4q.
// PTX ISA 9.0, section 9.7.14.5.1.
#include "reference/ptxvm/ops/collective.h"
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {
namespace {

/// One of the four: row of A that thread `t` of the eight holds (or with a_column, its column), and
/// so on.
struct QuadPair {
  int first;
  int lane(int thread) const { return thread < 4 ? first + thread : first + 12 + thread; }
};

/// Element (row or column `outer`, `k`) of A or B: threads by `outer` if a thread's elements run
/// along k, else threads by k.
float input(const float (&values)[2][64], const QuadPair& q, int outer, int k, bool along_k) {
  const int thread = along_k ? outer : k + (outer & 4), element = along_k ? k : outer & 3;
  return values[element / 2][2 * q.lane(thread) + element % 2];
}

struct Place {
  int thread, element;
};
Place accumulator(int row, int column, bool half) {
  if (half) return {row, column};
  return {(row & 4) + (row & 1) + (column & 2), (column & 4) + (row & 2) + (column & 1)};
}

}  // namespace

const Op* mma_quad_pairs(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const auto f = __builtin_bit_cast(MmaForm, op->imm);
  const bool c_half = f.has(MmaForm::c_half), d_half = f.has(MmaForm::d_half);
  const MmaOperands at(op, f, d_half ? 4 : 8);
  alignas(64) float a[2][64], b[2][64], c[8][64], d[8][64];  // f16 registers: two values a lane
  for (int i = 0; i < 2; ++i) {
    decode(Element::f16, lanes<uint32_t>(w, at.a[i]), a[i]);
    decode(Element::f16, lanes<uint32_t>(w, at.b[i]), b[i]);
  }
  for (int i = 0; i < (c_half ? 4 : 8); ++i) {
    if (c_half)
      decode(Element::f16, lanes<uint32_t>(w, at.c[i]), c[i]);
    else
      __builtin_memcpy(c[i], lanes<float>(w, at.c[i]), 128);
  }
  const auto slot = [](float(&values)[8][64], const QuadPair& q, Place p, bool half) -> float& {
    const int lane = q.lane(p.thread);
    return half ? values[p.element / 2][2 * lane + p.element % 2] : values[p.element][lane];
  };
  for (int quad = 0; quad < 4; ++quad) {
    const QuadPair q{4 * quad};
    for (int row = 0; row < 8; ++row)
      for (int column = 0; column < 8; ++column) {
        float sum = slot(c, q, accumulator(row, column, c_half), c_half);
        for (int k = 0; k < 4; ++k)
          sum += input(a, q, row, k, !f.has(MmaForm::a_column)) *
                 input(b, q, column, k, f.has(MmaForm::b_column));
        slot(d, q, accumulator(row, column, d_half), d_half) = sum;
      }
  }
  for (int i = 0; i < (d_half ? 4 : 8); ++i) {
    if (d_half)
      encode_half(d[i], lanes<uint32_t>(w, at.d[i]));
    else
      __builtin_memcpy(lanes<float>(w, at.d[i]), d[i], 128);
  }
  return op + 1;
}

}  // namespace ptxvm::PTXVM_ISA
