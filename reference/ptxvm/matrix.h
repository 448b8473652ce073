// What mma and wmma say of themselves: shape, element types, layouts. PTX ISA 9.0, section 9.7.14.
//
// Fragments. A 32-bit register of 32 lanes, in lane order, is an 8 x w block of A, row-major, w
// being the elements in 16 bytes: lane l holds row l / 4. The layout tables of mma say just this,
// with B as its transpose (8 columns of w), and f64 elements in 64-bit registers (8 x 4). Blocks
// follow each other down a column of blocks first. C and D are 8 x 8 blocks: f16 ones are one
// register each, wider ones two, the first with the even columns. wmma leaves the layout open: it
// has this one here, and f16 fragments, which have more registers than blocks, repeat it.
#pragma once

#include <cstdint>

#include "reference/ptxvm/ptx.h"

namespace ptxvm {

enum class Element : uint8_t {
  none,
  f16,
  bf16,
  tf32,
  e4m3,
  e5m2,
  s8,
  u8,
  s4,
  u4,
  b1,
  f64,
  f32,
  s32
};

/// Bits of an element in a fragment and in memory.
constexpr int bits_of(Element e) {
  switch (e) {
    case Element::f64:
      return 64;
    case Element::tf32:
    case Element::f32:
    case Element::s32:
      return 32;
    case Element::f16:
    case Element::bf16:
      return 16;
    case Element::s4:
    case Element::u4:
      return 4;
    case Element::b1:
      return 1;
    default:
      return 8;
  }
}
/// Width of a block of A along k (of B likewise).
constexpr int block_width(Element e) { return e == Element::f64 ? 4 : 128 / bits_of(e); }

/// D = A * B + C, all that a handler has to know; fits in Op::imm.
struct MmaForm {
  uint8_t m8 = 0, n8 = 0;  // 8-row blocks of A, 8-column blocks of B
  uint8_t k_blocks = 0;
  Element a = Element::none, b = Element::none;
  uint8_t flags = 0;
  uint8_t a_registers = 0, b_registers = 0;  // 0: one that is not in braces

  enum Flag : uint8_t {
    c_half = 1,
    d_half = 2,
    saturate = 4,
    bit_and = 8,
    a_column = 16,
    b_column = 32,
    sparse = 64,   // A has half its columns, and metadata
    ordered = 128  // metadata in ascending order
  };
  bool has(Flag f) const { return flags & f; }
};
static_assert(sizeof(MmaForm) == 8);

/// Structured sparsity of A: of `chunk` columns `kept` are there, which ones say 4 bits of
/// metadata. A thread's 32 bits of metadata are of two rows, 16 for each, or of one.
struct Sparsity {
  int chunk, kept;
  bool two_rows;
};
constexpr Sparsity sparsity_of(Element e) {
  return bits_of(e) == 32   ? Sparsity{2, 1, true}
         : bits_of(e) == 16 ? Sparsity{4, 2, true}
         : bits_of(e) == 8  ? Sparsity{4, 2, false}
                            : Sparsity{8, 4, false};
}
/// Threads in each group of four whose metadata counts; the selector says which.
constexpr int metadata_threads(Element e, int k) { return k / sparsity_of(e).chunk / 4; }

/// A fragment's matrix in memory, for wmma.load and wmma.store.
struct FragmentForm {
  uint8_t blocks8 = 0, blocks_w = 0;  // along the fragment's 8-side and its w-side
  Element element = Element::none;
  uint8_t registers = 0;
  bool wide_side_contiguous = false;  // consecutive elements of a block's row lie side by side
  bool accumulator = false;
  ptx::Space space = ptx::Space::generic;
  uint8_t stride = 0;  // in elements, if the instruction does not say
};
static_assert(sizeof(FragmentForm) == 8);

/// False: there is no such form, or the machine does not know it. Volta's mma.m8n8k4 on f16 is
/// recognised by k_blocks == 0.
bool mma_form(const ptx::Instruction&, MmaForm&);
bool wmma_mma_form(const ptx::Instruction&, MmaForm&);
bool wmma_fragment_form(const ptx::Instruction&, FragmentForm&);

}  // namespace ptxvm
