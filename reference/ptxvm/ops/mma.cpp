// mma and wmma.mma: D = A * B + C. PTX ISA 9.0, sections 9.7.14.4.5 and 9.7.14.5.14.
//
// Products are exact and sums are rounded to nearest in the accumulator's precision (f16
// accumulators: f32, rounded once at the end). Tensor cores align and truncate instead, which the
// ISA leaves open.
#include "reference/ptxvm/ops/collective.h"
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {
namespace {

constexpr int kMaxInput = 2048;  // elements of A: 16 x 128 of 4 bits, sparse; of B: half
constexpr int kMaxBlocks = 4;    // of C

template <class T>
PTXVM_INLINE const T* reg(Warp& w, uint32_t operand) {
  return lanes<T>(w, operand);
}

/// c += a * b, all 8-row blocks: a[m8 + M8 * kb] is 8 x w row-major, b[n8 + N8 * kb] w x 8, c[m8 +
/// M8 * n8] 8 x 8. Sums run over k in ascending order, each step one fused multiply-add.
template <class T, int width>
void multiply(const MmaForm& f, const T* a, const T* b, T* c) {
  constexpr int n = kVectorBytes / int(sizeof(T)) < 8 ? kVectorBytes / int(sizeof(T)) : 8;
  using V = Vec<T, n>;
  for (int block = 0; block < f.m8 * f.n8; ++block) {
    const int rows = block % f.m8, columns = block / f.m8;
    for (int x = 0; x < 8; x += n) {
      V sum[8];
      for (int r = 0; r < 8; ++r) sum[r] = load<T, n>(c + block * 64 + r * 8 + x);
      for (int kb = 0; kb < f.k_blocks; ++kb) {
        const T* left = a + (rows + f.m8 * kb) * 8 * width;
        const T* right = b + (columns + f.n8 * kb) * 8 * width + x;
        for (int k = 0; k < width; ++k) {
          const V row = load<T, n>(right + k * 8);
          for (int r = 0; r < 8; ++r) sum[r] = fused(splat<V>(left[r * width + k]), row, sum[r]);
        }
      }
      for (int r = 0; r < 8; ++r) store<T, n>(c + block * 64 + r * 8 + x, sum[r]);
    }
  }
}

void read_a(Warp& w, const Op* op, const MmaForm& f, const MmaOperands& at, float* a) {
  const bool sparse = f.has(MmaForm::sparse);
  alignas(64) float packed[kMaxInput / 2];
  float* out = sparse ? packed : a;
  for (int i = 0; i < f.m8 * f.k_blocks / (sparse ? 2 : 1); ++i)
    decode(f.a, reg<uint32_t>(w, at.a[i]), out + i * 8 * block_width(f.a));
  if (!sparse) return;
  const uint32_t selector = reg<uint32_t>(w, op->b)[0];
  spread(w, op, f.a, f.k_blocks, {op->a, selector, f.has(MmaForm::ordered)}, packed, a);
}

/// Reads A and B and adds their product to `c`.
void add_product(Warp& w, const Op* op, const MmaForm& f, const MmaOperands& at, float* c) {
  alignas(64) float a[kMaxInput], b[kMaxInput / 2], columns[256];
  const int width = block_width(f.a);
  read_a(w, op, f, at, a);
  for (int i = 0; i < f.n8 * f.k_blocks; ++i) {
    decode(f.b, reg<uint32_t>(w, at.b[i]), columns);
    switch (width) {
      case 4:
        transpose(columns, 4, b + i * 32);
        break;
      case 8:
        transpose(columns, 8, b + i * 64);
        break;
      default:
        transpose(columns, width, b + i * 8 * width);
    }
  }
  switch (width) {
    case 4:
      return multiply<float, 4>(f, a, b, c);
    case 8:
      return multiply<float, 8>(f, a, b, c);
    case 16:
      return multiply<float, 16>(f, a, b, c);
    default:
      return multiply<float, 32>(f, a, b, c);
  }
}

const Op* mma_float(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const auto f = __builtin_bit_cast(MmaForm, op->imm);
  const int blocks = f.m8 * f.n8;
  const MmaOperands at(op, f, f.has(MmaForm::d_half) ? blocks : 2 * blocks);
  alignas(64) float c[kMaxBlocks * 64];
  for (int i = 0; i < blocks; ++i) {
    if (f.has(MmaForm::c_half))
      decode(Element::f16, reg<uint32_t>(w, at.c[i]), c + i * 64);
    else
      interleave(reg<float>(w, at.c[2 * i]), reg<float>(w, at.c[2 * i + 1]), c + i * 64);
  }
  add_product(w, op, f, at, c);
  for (int i = 0; i < blocks; ++i) {
    if (f.has(MmaForm::d_half))
      encode_half(c + i * 64, lanes<uint32_t>(w, at.d[i]));
    else
      deinterleave(c + i * 64, lanes<float>(w, at.d[2 * i]), lanes<float>(w, at.d[2 * i + 1]));
  }
  return op + 1;
}

/// D = C + sums, wrapping or clamped to 32 bits.
void add_integers(Warp& w, const MmaForm& f, const MmaOperands& at, const int32_t* sums) {
  alignas(64) int32_t c[64], d[kMaxBlocks * 64];
  const int blocks = f.m8 * f.n8;
  for (int i = 0; i < blocks; ++i) {
    interleave(reg<int32_t>(w, at.c[2 * i]), reg<int32_t>(w, at.c[2 * i + 1]), c);
    for (int e = 0; e < 64; ++e) {
      int32_t& out = d[i * 64 + e];
      if (__builtin_add_overflow(c[e], sums[i * 64 + e], &out) && f.has(MmaForm::saturate))
        out = c[e] < 0 ? INT32_MIN : INT32_MAX;
    }
  }
  for (int i = 0; i < blocks; ++i)
    deinterleave(d + i * 64, lanes<int32_t>(w, at.d[2 * i]), lanes<int32_t>(w, at.d[2 * i + 1]));
}

const Op* mma_integer(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const auto f = __builtin_bit_cast(MmaForm, op->imm);
  const MmaOperands at(op, f, 2 * f.m8 * f.n8);
  alignas(64) float products[kMaxBlocks * 64] = {};
  alignas(64) int32_t sums[kMaxBlocks * 64];
  add_product(w, op, f, at, products);
  for (int i = 0; i < f.m8 * f.n8 * 64; ++i) sums[i] = int32_t(products[i]);
  add_integers(w, f, at, sums);
  return op + 1;
}

/// Lane 4g + t of a register holds bits 32t.. of row g.
const Op* mma_bits(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const auto f = __builtin_bit_cast(MmaForm, op->imm);
  const MmaOperands at(op, f, 2 * f.m8 * f.n8);
  alignas(64) int32_t sums[kMaxBlocks * 64] = {};
  for (int block = 0; block < f.m8 * f.n8; ++block)
    for (int kb = 0; kb < f.k_blocks; ++kb) {
      const uint32_t* a = reg<uint32_t>(w, at.a[block % f.m8 + f.m8 * kb]);
      const uint32_t* b = reg<uint32_t>(w, at.b[block / f.m8 + f.n8 * kb]);
      for (int i = 0; i < 64; ++i)
        for (int t = 0; t < 4; ++t) {
          const uint32_t x = a[i / 8 * 4 + t], y = b[i % 8 * 4 + t];
          sums[block * 64 + i] += __builtin_popcount(f.has(MmaForm::bit_and) ? x & y : x ^ y);
        }
    }
  add_integers(w, f, at, sums);
  return op + 1;
}

const Op* mma_double(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const auto f = __builtin_bit_cast(MmaForm, op->imm);
  const int blocks = f.m8 * f.n8;
  const MmaOperands at(op, f, 2 * blocks);
  alignas(64) double a[256], b[128], c[kMaxBlocks * 64];
  for (int i = 0; i < f.m8 * f.k_blocks; ++i)
    __builtin_memcpy(a + i * 32, reg<double>(w, at.a[i]), 256);
  for (int i = 0; i < f.n8 * f.k_blocks; ++i) transpose(reg<double>(w, at.b[i]), 4, b + i * 32);
  for (int i = 0; i < blocks; ++i)
    interleave(reg<double>(w, at.c[2 * i]), reg<double>(w, at.c[2 * i + 1]), c + i * 64);
  multiply<double, 4>(f, a, b, c);
  for (int i = 0; i < blocks; ++i)
    deinterleave(c + i * 64, lanes<double>(w, at.d[2 * i]), lanes<double>(w, at.d[2 * i + 1]));
  return op + 1;
}

}  // namespace

Selected select_product(const MmaForm& form) {
  const Handler handler = form.k_blocks == 0        ? mma_quad_pairs
                          : form.a == Element::f64  ? mma_double
                          : form.a == Element::b1   ? mma_bits
                          : !(form.a < Element::s8) ? mma_integer
                                                    : mma_float;
  return {.handler = handler, .imm = __builtin_bit_cast(int64_t, form)};
}

Selected select_mma(const ptx::Instruction& in) {
  MmaForm form;
  return mma_form(in, form) ? select_product(form) : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
