// A test double of libcublas.so: the functions that the suite looks up in it. It proves which
// matrices we ask to be multiplied, not how cuBLAS does it.
#include <algorithm>
#include <cublas_v2.h>
#include <memory>
#include <set>

#include "tests/vendor/device_copy.h"
#include "tests/vendor/ledger.h"
#include "tests/vendor/narrow.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
};

namespace tconv::doubles {
namespace {

constexpr int kVersion = 99;  // 99.99.99: there is no such cuBLAS

std::set<cublasHandle_t>& handles() {
  static auto& all = *new std::set<cublasHandle_t>;  // outlives whoever destroys at the very end
  return all;
}

bool known(cublasHandle_t handle) { return handles().count(handle) == 1; }

/// One of the matrices of a batch, stored column by column.
struct Matrix {
  cublasOperation_t operation;
  int64_t rows, columns;  ///< after the operation
  cudaDataType_t type;
  int64_t leading, step;  ///< elements between columns, between matrices

  bool turned() const { return operation == CUBLAS_OP_T; }
  int64_t stored_rows() const { return turned() ? columns : rows; }
  Runs runs() const { return {stored_rows(), turned() ? rows : columns, leading}; }
  bool legal() const { return leading >= std::max<int64_t>(stored_rows(), 1); }
  /// Index of an element in what download() gives.
  size_t at(int64_t row, int64_t column) const {
    return static_cast<size_t>(turned() ? row * columns + column : column * rows + row);
  }
};

bool supported(const Matrix& a, const Matrix& b, const Matrix& c, cublasComputeType_t compute) {
  if (a.type != b.type || c.type != CUDA_R_32F) return false;
  if (a.type == CUDA_R_32F)
    return compute == CUBLAS_COMPUTE_32F_PEDANTIC || compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  return compute == CUBLAS_COMPUTE_32F && (a.type == CUDA_R_16F || a.type == CUDA_R_16BF);
}

std::vector<double> operand(const Matrix& m, const void* data, int64_t item, bool narrow,
                            cudaStream_t stream) {
  const auto* const at =
      static_cast<const std::byte*>(data) + item * m.step * static_cast<int64_t>(bytes_of(m.type));
  std::vector<double> values = download(at, m.type, m.runs(), stream);
  if (narrow) std::transform(values.begin(), values.end(), values.begin(), ten_bits);
  return values;
}

}  // namespace
}  // namespace tconv::doubles

namespace td = tconv::doubles;

#define TCONV_CUBLAS extern "C" [[gnu::visibility("default")]]

TCONV_CUBLAS cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  if (td::fails("cublasCreate")) return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = std::make_unique<cublasContext>().release();
  td::handles().insert(*handle);
  td::count_live(1);
  return CUBLAS_STATUS_SUCCESS;
}

TCONV_CUBLAS cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  const std::unique_ptr<cublasContext> owned(handle);
  td::handles().erase(handle);
  td::count_live(-1);
  return CUBLAS_STATUS_SUCCESS;
}

TCONV_CUBLAS cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  if (td::fails("cublasSetStream")) return CUBLAS_STATUS_INTERNAL_ERROR;
  if (!td::known(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

TCONV_CUBLAS const char* cublasGetStatusString(cublasStatus_t status) {
  static std::string text;
  text = "CUBLAS_STATUS " + std::to_string(status);
  if (!td::failure().empty()) text += " (" + td::failure() + ")";
  return text.c_str();
}

TCONV_CUBLAS cublasStatus_t cublasGetProperty(libraryPropertyType, int* value) {
  if (td::fails("cublasGetProperty")) return CUBLAS_STATUS_INTERNAL_ERROR;
  *value = td::kVersion;
  return CUBLAS_STATUS_SUCCESS;
}

TCONV_CUBLAS cublasStatus_t cublasGemmStridedBatchedEx_64(
    cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n,
    int64_t k, const void* alpha, const void* a_data, cudaDataType a_type, int64_t lda,
    long long a_step, const void* b_data, cudaDataType b_type, int64_t ldb, long long b_step,
    const void* beta, void* c_data, cudaDataType c_type, int64_t ldc, long long c_step,
    int64_t items, cublasComputeType_t compute, cublasGemmAlgo_t) {
  if (td::fails("cublasGemmStridedBatchedEx")) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (!td::known(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  const td::Matrix a{transa, m, k, a_type, lda, a_step}, b{transb, k, n, b_type, ldb, b_step};
  const td::Matrix c{CUBLAS_OP_N, m, n, c_type, ldc, c_step};
  if (m < 1 || n < 1 || k < 1 || items < 1 || !a.legal() || !b.legal() || !c.legal())
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!td::supported(a, b, c, compute)) return CUBLAS_STATUS_NOT_SUPPORTED;
  const double scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const bool narrow = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  try {
    for (int64_t item = 0; item < items; ++item) {
      const auto x = td::operand(a, a_data, item, narrow, handle->stream);
      const auto y = td::operand(b, b_data, item, narrow, handle->stream);
      float* const to = static_cast<float*>(c_data) + item * c_step;
      std::vector<double> z(static_cast<size_t>(m * n));
      if (keep != 0) z = td::download(to, c_type, c.runs(), handle->stream);
      for (int64_t column = 0; column < n; ++column) {
        for (int64_t row = 0; row < m; ++row) {
          double sum = 0;
          for (int64_t i = 0; i < k; ++i) sum += x[a.at(row, i)] * y[b.at(i, column)];
          double& value = z[c.at(row, column)];
          value = scale * sum + (keep != 0 ? keep * value : 0);
        }
      }
      td::upload(z, to, c_type, c.runs(), handle->stream);
    }
  } catch (const td::CudaFailure&) {
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  td::note_work({handle->stream, 0});
  return CUBLAS_STATUS_SUCCESS;
}
