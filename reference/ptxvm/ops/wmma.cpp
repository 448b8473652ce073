// wmma: the same products as mma, and fragments from and to memory. PTX ISA 9.0, section 9.7.14.4.
#include <cstring>

#include "reference/ptxvm/fragment_access.h"
#include "reference/ptxvm/ops/collective.h"
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {
namespace {

constexpr int kMaxBlockBytes = 8 * 8 * 8;

int block_columns(const FragmentForm& f) { return f.accumulator ? 8 : block_width(f.element); }

Runs runs_of(Warp& w, const Op* op, const FragmentForm& f) {
  const uint64_t stride = op->b == kNoOperand ? f.stride : lanes<uint32_t>(w, op->b)[0];
  const auto bits = uint64_t(bits_of(f.element));
  const uint64_t small = 8u * f.blocks8, wide = uint64_t(block_columns(f)) * f.blocks_w;
  const uint64_t fragment_bytes = uint64_t(f.registers) * (bits == 64 ? 8 : 4);
  return {f.wide_side_contiguous ? small : wide, (f.wide_side_contiguous ? wide : small) * bits / 8,
          stride * bits / 8, fragment_bytes < 16 ? fragment_bytes : 16};
}

/// Calls move(memory, block byte, bytes) for the pieces of block (i, j), row-major in the fragment.
template <class Move>
PTXVM_INLINE void each_piece(const FragmentForm& f, const Runs& runs, int i, int j, Move move) {
  const int columns = block_columns(f), bits = bits_of(f.element);
  const auto row_bytes = size_t(columns * bits / 8);
  if (f.wide_side_contiguous) {
    for (size_t g = 0; g < 8; ++g)
      move((8 * size_t(i) + g) * runs.pitch + size_t(j) * row_bytes, g * row_bytes, row_bytes);
    return;
  }
  const auto size = size_t(bits / 8);
  for (size_t x = 0; x < size_t(columns); ++x)
    for (size_t g = 0; g < 8; ++g)
      move((size_t(j * columns) + x) * runs.pitch + (8 * size_t(i) + g) * size,
           g * row_bytes + x * size, size);
}

/// A block and its one or two registers.
void to_registers(Warp& w, const FragmentForm& f, const std::byte* block, const uint32_t* reg) {
  const int bits = bits_of(f.element);
  if (!f.accumulator || bits == 16)
    std::memcpy(lanes<uint32_t>(w, reg[0]), block, bits == 64 ? 256 : 128);
  else if (bits == 32)
    deinterleave(reinterpret_cast<const float*>(block), lanes<float>(w, reg[0]),
                 lanes<float>(w, reg[1]));
  else
    deinterleave(reinterpret_cast<const double*>(block), lanes<double>(w, reg[0]),
                 lanes<double>(w, reg[1]));
}
void from_registers(Warp& w, const FragmentForm& f, std::byte* block, const uint32_t* reg) {
  const int bits = bits_of(f.element);
  if (bits == 16)
    std::memcpy(block, lanes<uint32_t>(w, reg[0]), 128);
  else if (bits == 32)
    interleave(lanes<float>(w, reg[0]), lanes<float>(w, reg[1]), reinterpret_cast<float*>(block));
  else
    interleave(lanes<double>(w, reg[0]), lanes<double>(w, reg[1]),
               reinterpret_cast<double*>(block));
}

int registers_per_block(const FragmentForm& f) {
  return f.accumulator && bits_of(f.element) != 16 ? 2 : 1;
}

const Op* load_fragment(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const FragmentForm f = fragment_form(w, op);
  const Runs runs = runs_of(w, op, f);
  const std::byte* memory = locate_runs(w, op, f.space, runs, false);
  const int each = registers_per_block(f);
  for (int r = 0; r < f.registers; r += each) {
    const int block = r / each % (f.blocks8 * f.blocks_w);
    alignas(64) std::byte bytes[kMaxBlockBytes];
    each_piece(
        f, runs, block % f.blocks8, block / f.blocks8,
        [&](size_t at, size_t to, size_t size) { std::memcpy(bytes + to, memory + at, size); });
    to_registers(w, f, bytes, op->more + r);
  }
  return op + 1;
}

const Op* store_fragment(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const FragmentForm f = fragment_form(w, op);
  const Runs runs = runs_of(w, op, f);
  std::byte* memory = locate_runs(w, op, f.space, runs, true);
  const int each = registers_per_block(f);
  for (int block = 0; block < f.registers / each; ++block) {
    alignas(64) std::byte bytes[kMaxBlockBytes];
    from_registers(w, f, bytes, op->more + block * each);
    each_piece(
        f, runs, block % f.blocks8, block / f.blocks8,
        [&](size_t at, size_t to, size_t size) { std::memcpy(memory + at, bytes + to, size); });
  }
  return op + 1;
}

}  // namespace

Selected select_wmma(const ptx::Instruction& in) {
  if (in.has("mma")) {
    MmaForm form;
    return wmma_mma_form(in, form) ? select_product(form) : Selected{};
  }
  FragmentForm form;
  if (!wmma_fragment_form(in, form)) return {};
  return {in.has("store") ? store_fragment : load_fragment};
}

}  // namespace ptxvm::PTXVM_ISA
