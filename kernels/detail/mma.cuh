// One-instruction wrappers of what tensor-core kernels are made of, and the one fact that lets all
// element types share their code: in units of 16 bytes, fragments of m16n8k16 (f16, bf16) and of
// m16n8k8 (tf32) lie in registers alike, so ldmatrix serves all of them.
#pragma once

#include <cstdint>
#include <type_traits>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

// Machine code for Turing is built too, and must compile: its devices are refused by
// refuse_without_mma().
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define TCONV_ASM_SM80(...) __trap()
#else
#define TCONV_ASM_SM80(...) asm volatile(__VA_ARGS__)
#endif

namespace tconv::detail {

/// Elements in 16 bytes, which is half the depth of one mma. float stands for tf32.
template <class E>
inline constexpr int kVector = 16 / static_cast<int>(sizeof(E));

__device__ __forceinline__ uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

/// Copies 16 bytes (both addresses aligned to them) past the registers, or fills them with zeros
/// and reads nothing. L1 is passed by: other blocks reuse these bytes, not this one.
__device__ __forceinline__ void copy_async(uint4* shared, const void* global, bool exists) {
  TCONV_ASM_SM80("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
                 "l"(global), "r"(exists ? 16 : 0)
                 : "memory");
}

__device__ __forceinline__ void commit_copies() {
  TCONV_ASM_SM80("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most kPending of this thread's groups of copies are on their way.
template <int kPending>
__device__ __forceinline__ void wait_for_copies() {
  TCONV_ASM_SM80("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

/// Four 8x8 matrices of 16-bit elements (8x4 of 32 bits); lane l names row l%8 of matrix l/8. Lane
/// (g, t) = (l/4, l%4) gets word t of row g of each.
__device__ __forceinline__ void load_matrices(uint32_t (&to)[4], const uint4* row) {
  TCONV_ASM_SM80("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
}

/// The same, each matrix transposed.
__device__ __forceinline__ void load_matrices_transposed(uint32_t (&to)[4], const uint4* row) {
  TCONV_ASM_SM80("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
}

/// To the nearest tf32, ties away from zero: the multiplication would cut the other bits off.
__device__ __forceinline__ uint32_t round_to_tf32(uint32_t value) {
  uint32_t rounded = 0;
  TCONV_ASM_SM80("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__uint_as_float(value)));
  return rounded;
}

/// Fragments as the multiplication wants them: of f16 and bf16 they are.
template <class E>
__device__ __forceinline__ void round_fragments(uint32_t (&words)[4]) {
  if constexpr (std::is_same_v<E, float>) {
#pragma unroll
    for (uint32_t& word : words) word = round_to_tf32(word);
  }
}

#define TCONV_MMA(shape, type)                                                          \
  TCONV_ASM_SM80("mma.sync.aligned." shape ".row.col.f32." type "." type                \
                 ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                       \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))

/// c[16][8] += a[16][k] * b[k][8], 32 bytes deep. Lane (g, t) holds c[g][2t], c[g][2t+1] and the
/// same of row g+8.
template <class E>
__device__ __forceinline__ void multiply_add(float (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                             uint32_t b1) {
  if constexpr (std::is_same_v<E, __half>) {
    TCONV_MMA("m16n8k16", "f16");
  } else if constexpr (std::is_same_v<E, __nv_bfloat16>) {
    TCONV_MMA("m16n8k16", "bf16");
  } else {
    TCONV_MMA("m16n8k8", "tf32");
  }
}

#undef TCONV_MMA

}  // namespace tconv::detail
