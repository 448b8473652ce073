// Sparse A: packed columns go where the metadata says. PTX ISA 9.0, section 9.7.14.6.
//
// Of each group of four threads, whose rows are g and g + 8, the first ones that the selector names
// count. Metadata of 16 bits a row: a thread has those of row g below those of row g + 8, for four
// chunks, the next thread those of the next four. Of 32 bits a row: a thread has row g for eight
// chunks, the next thread row g + 8, and the next two the next eight chunks.
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {
namespace {

/// The four bits of a chunk.
uint32_t nibble(const uint32_t* metadata, const Sparsity& s, int first, int row, int chunk) {
  const int group = row % 8, high = row / 8;
  if (s.two_rows)
    return metadata[4 * group + first + chunk / 4] >> (16 * high + 4 * (chunk % 4)) & 15;
  return metadata[4 * group + first + 2 * (chunk / 8) + high] >> 4 * (chunk % 8) & 15;
}

/// Does it name columns? Of two, both must differ.
bool is_valid(uint32_t bits, const Sparsity& s, bool ordered) {
  if (s.kept == 1) return bits == 0b0100 || bits == 0b1110;
  const uint32_t low = bits & 3, high = bits >> 2;
  return ordered ? low < high : low != high;
}

/// Which column of the chunk the j-th that is there is.
int column(uint32_t bits, const Sparsity& s, int j) {
  if (s.kept == 1) return bits == 0b1110;
  const int pair = s.kept / 2;  // columns that share two bits
  return int(bits >> 2 * (j / pair) & 3) * pair + j % pair;
}

}  // namespace

void spread(Warp& w, const Op* op, Element element, int k_blocks, Metadata metadata,
            const float* packed, float* out) {
  const Sparsity s = sparsity_of(element);
  const int width = block_width(element), columns = k_blocks * width, block = 8 * width;
  const int first = int(metadata.selector) * metadata_threads(element, columns);
  const uint32_t* words = lanes<uint32_t>(w, metadata.operand);
  const auto place = [=](int row, int k) {
    return (row / 8 + 2 * (k / width)) * block + row % 8 * width + k % width;
  };
  __builtin_memset(out, 0, sizeof(float) * 16 * size_t(columns));
  for (int row = 0; row < 16; ++row)
    for (int chunk = 0; chunk < columns / s.chunk; ++chunk) {
      const uint32_t bits = nibble(words, s, first, row, chunk);
      if (!is_valid(bits, s, metadata.ordered))
        raise(w, op, TrapKind::illegal_instruction, 4 * (row % 8) + first,
              "the metadata of a sparse matrix names no two columns of a chunk");
      for (int j = 0; j < s.kept; ++j)
        out[place(row, chunk * s.chunk + column(bits, s, j))] =
            packed[place(row, chunk * s.kept + j)];
    }
}

}  // namespace ptxvm::PTXVM_ISA
