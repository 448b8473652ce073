// gemm_col2im_cublas: gemm_col2im with its product by cuBLAS: what a tuned GEMM gains where the
// columns still have to go through memory.
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernels/detail/capability.h"
#include "kernels/detail/col2im.h"
#include "kernels/strategy.h"
#include "kernels/vendor/columns_gemm.h"
#include "kernels/vendor/cublas_session.h"

namespace tconv::cublas {
namespace {

/// How one dtype is multiplied. Sums and columns are floats for all.
struct Arithmetic {
  DType dtype;
  cudaDataType_t stored;
  cublasComputeType_t compute;
  const char* name;
};
constexpr std::array kArithmetic{
    // Pedantic: no cuBLAS may make tf32 of what was asked for in f32.
    Arithmetic{DType::f32, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, "32F_PEDANTIC"},
    Arithmetic{DType::tf32, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, "32F_FAST_TF32"},
    Arithmetic{DType::f16, CUDA_R_16F, CUBLAS_COMPUTE_32F, "32F"},
    Arithmetic{DType::bf16, CUDA_R_16BF, CUBLAS_COMPUTE_32F, "32F"},
};

const Arithmetic& arithmetic_of(DType dtype) {
  for (const Arithmetic& row : kArithmetic) {
    if (row.dtype == dtype) return row;
  }
  throw std::logic_error("cuBLAS: dtype without a row");
}

constexpr std::array kTypes{DType::f32, DType::tf32, DType::f16, DType::bf16};
constexpr detail::Capability kCan{kTypes, detail::kLayouts, true};

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, kCan); !reason.empty()) return reason;
  if (std::string reason = detail::refuse_columns(p, c.layout); !reason.empty()) return reason;
  return Session::get().unavailable();
}

/// An operand's matrices, as cuBLAS is told of them.
struct Bound {
  const std::byte* data;
  const Operand& at;
  int64_t element;  ///< bytes

  const void* of_loop(int64_t loop) const { return data + loop * at.loop_stride * element; }
  cublasOperation_t operation() const { return at.transposed ? CUBLAS_OP_T : CUBLAS_OP_N; }
};

/// The columns of `samples` samples from `first` on.
void multiply(const Call& call, int64_t first, int64_t samples) {
  const Problem& p = call.problem;
  const Arithmetic& how = arithmetic_of(call.config.dtype);
  const ColumnsGemm gemm = plan_columns(p, call.config.layout, samples);
  const int64_t element = size_of(call.config.dtype);
  const int64_t skipped = first * p.in_channels * p.in_spatial() * element;
  const Bound x{static_cast<const std::byte*>(call.x) + skipped, gemm.x, element};
  const Bound w{static_cast<const std::byte*>(call.w), gemm.w, element};
  const Bound& a = gemm.weights_first ? w : x;
  const Bound& b = gemm.weights_first ? x : w;
  const float one = 1, zero = 0;
  for (int64_t loop = 0; loop < gemm.loops; ++loop) {
    float* const columns = static_cast<float*>(call.workspace) + loop * gemm.columns.loop_stride;
    const cublasStatus_t status = functions().gemm_strided_batched(
        Session::get().handle(), a.operation(), b.operation(), gemm.m, gemm.n, gemm.k, &one,
        a.of_loop(loop), how.stored, a.at.leading, a.at.item_stride, b.of_loop(loop), how.stored,
        b.at.leading, b.at.item_stride, &zero, columns, CUDA_R_32F, gemm.columns.leading,
        gemm.columns.item_stride, gemm.items, how.compute, CUBLAS_GEMM_DEFAULT);
    // A launch that failed inside of cuBLAS leaves its error behind, for whoever launches next.
    if (status != CUBLAS_STATUS_SUCCESS) static_cast<void>(cudaGetLastError());
    check(status, "cublasGemmStridedBatchedEx");
  }
}

/// Nothing but what a report says: which cuBLAS, and in which arithmetic.
struct Library final : Prepared {
  explicit Library(const Config& config)
      : text(Session::get().version() + ", compute type " + arithmetic_of(config.dtype).name) {}
  std::string note() const override { return text; }

  std::string text;
};

void launch(const Call& call) {
  check(functions().set_stream(Session::get().handle(), call.stream), "cublasSetStream");
  detail::through_columns(call, multiply);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "gemm_col2im_cublas",
    .summary = "gemm_col2im with the GEMM by cuBLAS",
    .supports = supports,
    .workspace = [](const Problem& p, const Config&) { return detail::columns_workspace(p); },
    .macs_executed = [](auto&&...) { return int64_t{-1}; },
    // `deterministic` stays true: cuBLAS promises it where one stream is in use and atomics are not
    // allowed, as they are not unless asked for.
    .prepare = [](const Call& call) { return std::make_unique<Library>(call.config); },
    .launch = launch,
})

}  // namespace tconv::cublas
