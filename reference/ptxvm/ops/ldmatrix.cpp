// ldmatrix, stmatrix, movmatrix: 8 x 8 matrices of 16-bit elements. PTX ISA 9.0, sections
// 9.7.14.5.15 to 9.7.14.5.17.
//
// Lane 8i + r names row r of matrix i, 16 bytes in shared memory. Register i of all lanes, in lane
// order, is matrix i row by row: so a row moves as it is.
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/ops/collective.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {
namespace {

constexpr int kRowBytes = 16;

struct Matrix {
  alignas(16) uint16_t at[8][8];
};

PTXVM_INLINE void transpose(Matrix& m) {
  for (int r = 0; r < 8; ++r)
    for (int c = 0; c < r; ++c) {
      const uint16_t x = m.at[r][c];
      m.at[r][c] = m.at[c][r];
      m.at[c][r] = x;
    }
}

/// Where the rows are: the first lane's, the others at site.relative from there.
template <int n, bool store, uint64_t bias>
PTXVM_INLINE std::byte* locate_rows(Warp& w, const Op* op, Site& site) {
  w.mask = n == 4 ? kFullMask : (1u << 8 * n) - 1;
  std::byte* first = locate_shared<kRowBytes, !store, store>(w, op, site, bias);
  w.mask = kFullMask;
  return first;
}

template <int n, bool transposed, uint64_t bias>
const Op* load_matrix(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  Site& site = w.sites[op->site];
  const std::byte* first = locate_rows<n, false, bias>(w, op, site);
  for (int i = 0; i < n; ++i) {
    Matrix m;
    for (int r = 0; r < 8; ++r) std::memcpy(m.at[r], first + site.relative[8 * i + r], kRowBytes);
    if constexpr (transposed) transpose(m);
    const uint32_t dst = op->more ? op->more[i] : op->dst;
    if (dst != kNoOperand) std::memcpy(lanes<uint32_t>(w, dst), &m, sizeof m);
  }
  return op + 1;
}

template <int n, bool transposed, uint64_t bias>
const Op* store_matrix(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  Site& site = w.sites[op->site];
  std::byte* first = locate_rows<n, true, bias>(w, op, site);
  for (int i = 0; i < n; ++i) {
    Matrix m;
    std::memcpy(&m, lanes<uint32_t>(w, op->more ? op->more[i] : op->b), sizeof m);
    if constexpr (transposed) transpose(m);
    for (int r = 0; r < 8; ++r) std::memcpy(first + site.relative[8 * i + r], m.at[r], kRowBytes);
  }
  return op + 1;
}

const Op* move_matrix(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  Matrix m;
  std::memcpy(&m, lanes<uint32_t>(w, op->a), sizeof m);
  transpose(m);
  std::memcpy(lanes<uint32_t>(w, op->dst), &m, sizeof m);
  return op + 1;
}

template <int n, bool transposed, uint64_t bias>
Selected of_direction(bool store) {
  return {store ? store_matrix<n, transposed, bias> : load_matrix<n, transposed, bias>};
}
template <int n>
Selected of_count(const ptx::Instruction& in, bool store) {
  const size_t given = in.operands[store ? 1 : 0].elements.size();
  if (given != n && !(n == 1 && given == 0)) return {};
  const bool generic = in.space() == ptx::Space::generic;
  if (!generic && in.space() != ptx::Space::shared) return {};
  if (in.has("trans"))
    return generic ? of_direction<n, true, kSharedWindow>(store) : of_direction<n, true, 0>(store);
  return generic ? of_direction<n, false, kSharedWindow>(store) : of_direction<n, false, 0>(store);
}
Selected select_rows(const ptx::Instruction& in, bool store) {
  if (!in.has("m8n8") || !in.has("b16") || in.operands.size() != 2) return {};
  if (in.has("x4")) return of_count<4>(in, store);
  if (in.has("x2")) return of_count<2>(in, store);
  return in.has("x1") ? of_count<1>(in, store) : Selected{};
}

}  // namespace

Selected select_ldmatrix(const ptx::Instruction& in) { return select_rows(in, false); }
Selected select_stmatrix(const ptx::Instruction& in) { return select_rows(in, true); }
Selected select_movmatrix(const ptx::Instruction& in) {
  return in.has("m8n8") && in.has("trans") && in.has("b16") ? Selected{move_matrix} : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
