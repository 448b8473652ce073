// Matrices and tensors between device memory and doubles on the host, on a stream, as a library's
// kernels would reach them: through the CUDA runtime in use.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

namespace tconv::doubles {

/// A CUDA call of a double that failed.
struct CudaFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void cuda(cudaError_t status) {
  if (status != cudaSuccess) throw CudaFailure(cudaGetErrorName(status));
}

inline size_t bytes_of(cudaDataType_t type) { return type == CUDA_R_32F ? 4 : 2; }

template <class T>
T bits(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

inline double decoded(const std::byte* from, cudaDataType_t type) {
  if (type == CUDA_R_16F) return __half2float(bits<__half>(from));
  if (type == CUDA_R_16BF) return __bfloat162float(bits<__nv_bfloat16>(from));
  return bits<float>(from);
}

inline void encode(double value, cudaDataType_t type, std::byte* to) {
  const auto put = [to](auto stored) { std::memcpy(to, &stored, sizeof(stored)); };
  if (type == CUDA_R_16F) return put(__double2half(value));
  if (type == CUDA_R_16BF) return put(__double2bfloat16(value));
  put(static_cast<float>(value));
}

/// `columns` runs of `rows` elements each, `leading` elements from one to the next in memory and
/// none between them on the host. Only what belongs to a run is touched.
struct Runs {
  int64_t rows, columns, leading;
};

inline std::vector<double> download(const void* device, cudaDataType_t type, const Runs& r,
                                    cudaStream_t stream) {
  const size_t element = bytes_of(type), width = static_cast<size_t>(r.rows) * element;
  std::vector<std::byte> raw(width * static_cast<size_t>(r.columns));
  cuda(cudaMemcpy2DAsync(raw.data(), width, device, static_cast<size_t>(r.leading) * element, width,
                         static_cast<size_t>(r.columns), cudaMemcpyDeviceToHost, stream));
  cuda(cudaStreamSynchronize(stream));
  std::vector<double> values(raw.size() / element);
  for (size_t i = 0; i < values.size(); ++i) values[i] = decoded(&raw[i * element], type);
  return values;
}

inline void upload(const std::vector<double>& values, void* device, cudaDataType_t type,
                   const Runs& r, cudaStream_t stream) {
  const size_t element = bytes_of(type), width = static_cast<size_t>(r.rows) * element;
  std::vector<std::byte> raw(values.size() * element);
  for (size_t i = 0; i < values.size(); ++i) encode(values[i], type, &raw[i * element]);
  cuda(cudaMemcpy2DAsync(device, static_cast<size_t>(r.leading) * element, raw.data(), width, width,
                         static_cast<size_t>(r.columns), cudaMemcpyHostToDevice, stream));
  cuda(cudaStreamSynchronize(stream));
}

}  // namespace tconv::doubles
