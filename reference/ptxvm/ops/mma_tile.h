// Blocks of matrices as numbers, and their products. Integers are floats too: the longest sum, of
// 64 products of 8-bit values, stays below 2^24.
#pragma once

#include "reference/ptxvm/matrix.h"
#include "reference/ptxvm/ops/half.h"

namespace ptxvm::PTXVM_ISA {

/// Elements of a 32-bit register in lane order: 32 * 32 / bits_of(element) floats.
void decode(Element, const uint32_t* reg, float* out);

/// An 8 x 8 block of an f16 accumulator.
void encode_half(const float* block, uint32_t* reg);

/// Row-major 8 x w to w x 8.
template <class T>
PTXVM_INLINE void transpose(const T* from, int width, T* to) {
  for (int x = 0; x < width; ++x)
    for (int g = 0; g < 8; ++g) to[x * 8 + g] = from[g * width + x];
}

/// Two registers, even and odd columns, to an 8 x 8 block and back.
template <class T>
PTXVM_INLINE void interleave(const T* even, const T* odd, T* block) {
  for (int l = 0; l < kLanes; ++l) block[2 * l] = even[l], block[2 * l + 1] = odd[l];
}
template <class T>
PTXVM_INLINE void deinterleave(const T* block, T* even, T* odd) {
  for (int l = 0; l < kLanes; ++l) even[l] = block[2 * l], odd[l] = block[2 * l + 1];
}

/// Where an mma's registers are listed.
struct MmaOperands {
  const uint32_t *d, *a, *b, *c;
  MmaOperands(const Op* op, const MmaForm& form, int d_count) {
    d = op->more;
    const uint32_t* next = d + d_count;
    a = form.a_registers ? next : &op->a;
    next += form.a_registers;
    b = form.b_registers ? next : form.a_registers ? &op->a : &op->b;
    c = next + form.b_registers;
  }
};

/// Where the metadata of a sparse A is: its register, and which threads' counts.
struct Metadata {
  uint32_t operand, selector;
  bool ordered;
};
/// 16 rows of a sparse A: packed[m8 + 2 * kb] is 8 x w row-major, half as many as `out` gets, whose
/// columns are `k_blocks * w`. Traps where the metadata names no columns.
void spread(Warp&, const Op*, Element, int k_blocks, Metadata, const float* packed, float* out);

const Op* mma_quad_pairs(Warp&, const Op*);
/// The handler for a form that is not Volta's.
Selected select_product(const MmaForm&);

}  // namespace ptxvm::PTXVM_ISA
