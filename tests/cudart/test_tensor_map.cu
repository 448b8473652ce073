// Tensor maps through the driver's functions, and kernels that copy by them: compute
// capability 9.0.
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <cuda.h>
#include <cuda/ptx>

#include "tests/cudart/device_vector.h"
#include "tests/cudart/machine.h"

namespace {

namespace ptx = cuda::ptx;

constexpr int kRows = 16, kColumns = 32;  // of a tile: rows of 128 bytes
constexpr int kTileBytes = kRows * kColumns * 4;

__device__ void wait_for(uint64_t* barrier) {
  while (!ptx::mbarrier_try_wait_parity(barrier, 0)) {
  }
}
__device__ bool begin(uint64_t* barrier) {
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(barrier, 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
  }
  __syncthreads();
  return threadIdx.x == 0;
}

/// Row r's 16-byte chunk c is at chunk c ^ (r % 8).
__global__ void load_tile(const __grid_constant__ CUtensorMap map, int x, int y, float* out) {
  __shared__ alignas(1024) float tile[kRows * kColumns];
  __shared__ uint64_t barrier;
  if (begin(&barrier)) {
    const int at[2] = {x, y};
    ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, tile, &map, at, &barrier);
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &barrier,
                                   kTileBytes);
  }
  wait_for(&barrier);
  for (int i = threadIdx.x; i < kRows * kColumns; i += blockDim.x) {
    const int row = i / kColumns, column = i % kColumns;
    out[i] = tile[row * kColumns + ((column / 4) ^ (row % 8)) * 4 + column % 4];
  }
}

/// One filter tap's column of `pixels` pixels with 8 channels of f32 each.
__global__ void load_column(const __grid_constant__ CUtensorMap map, int w, int h, int n,
                            uint16_t s, uint16_t r, int pixels, float* out) {
  __shared__ alignas(128) float column[64 * 8];
  __shared__ uint64_t barrier;
  if (begin(&barrier)) {
    const auto to = static_cast<uint32_t>(__cvta_generic_to_shared(column));
    const auto bar = static_cast<uint32_t>(__cvta_generic_to_shared(&barrier));
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], "
        "[%1, {%2, %3, %4, %5}], [%6], {%7, %8};" ::"r"(to),
        "l"(&map), "r"(0), "r"(w), "r"(h), "r"(n), "r"(bar), "h"(s), "h"(r)
        : "memory");
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &barrier,
                                   pixels * 32);
  }
  wait_for(&barrier);
  for (int i = threadIdx.x; i < pixels * 8; i += blockDim.x) out[i] = column[i];
}

__constant__ CUtensorMap constant_map;

template <bool adds>
__global__ void write_tile(int x, int y) {
  __shared__ alignas(128) float tile[kRows * kColumns];
  for (int i = threadIdx.x; i < kRows * kColumns; i += blockDim.x) tile[i] = i + 1;
  ptx::fence_proxy_async(ptx::space_shared);
  __syncthreads();
  if (threadIdx.x != 0) return;
  const int at[2] = {x, y};
  if (adds)
    ptx::cp_reduce_async_bulk_tensor(ptx::space_global, ptx::space_shared, ptx::op_add,
                                     &constant_map, at, tile);
  else
    ptx::cp_async_bulk_tensor(ptx::space_global, ptx::space_shared, &constant_map, at, tile);
  ptx::cp_async_bulk_commit_group();
  ptx::cp_async_bulk_wait_group(ptx::n32_t<0>{});
}

/// Arguments of a 2-D f32 map, to be spoilt one at a time.
struct Tiled {
  CUtensorMap map{};
  CUtensorMap* out = &map;
  CUtensorMapDataType type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
  cuuint32_t rank = 2;
  void* address = nullptr;
  cuuint64_t sizes[5] = {40, 20, 1, 1, 1}, strides[4] = {160, 3200, 3200, 3200};
  cuuint32_t box[5] = {kColumns, kRows, 1, 1, 1}, steps[5] = {1, 1, 1, 1, 1};
  CUtensorMapInterleave interleave = CU_TENSOR_MAP_INTERLEAVE_NONE;
  CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_NONE;
  CUtensorMapL2promotion promotion = CU_TENSOR_MAP_L2_PROMOTION_L2_128B;
  CUtensorMapFloatOOBfill fill = CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE;

  CUresult encode() {
    static const auto function =
        driver_function<decltype(cuTensorMapEncodeTiled)>("cuTensorMapEncodeTiled");
    return function(out, type, rank, address, sizes, strides, box, steps, interleave, swizzle,
                    promotion, fill);
  }
};

class TensorMap : public ::testing::Test {
 protected:
  void SetUp() override {
    int major = 0;
    ASSERT_CUDA(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
    if (major != 9) GTEST_SKIP() << "needs compute capability 9.0";
  }
};

TEST_F(TensorMap, LoadsATileThatIsSwizzledAndPartlyOutside) {
  std::vector<float> matrix(20 * 40);
  std::iota(matrix.begin(), matrix.end(), 1.0F);
  const DeviceVector<float> in(matrix), out(kRows * kColumns);
  Tiled tiled;
  tiled.address = in.data();
  tiled.swizzle = CU_TENSOR_MAP_SWIZZLE_128B;
  ASSERT_EQ(tiled.encode(), CUDA_SUCCESS);
  for (const auto& [x, y] : {std::pair{0, 0}, {16, 10}, {-5, -3}, {100, 0}}) {
    load_tile<<<1, 64>>>(tiled.map, x, y, out.data());
    ASSERT_CUDA(cudaDeviceSynchronize());
    const std::vector<float> got = out.host();
    for (int i = 0; i < kRows * kColumns; ++i) {
      const int row = y + i / kColumns, column = x + i % kColumns;
      const bool inside = row >= 0 && row < 20 && column >= 0 && column < 40;
      ASSERT_EQ(got[i], inside ? matrix[row * 40 + column] : 0.0F) << x << " " << y << " " << i;
    }
  }
}

TEST_F(TensorMap, LoadsIm2colColumnsOfAPaddedConvolution) {
  // NHWC 2 x 5 x 6 x 8, a 3 x 3 filter, padding 1, stride 1 along H and 2 along W.
  constexpr int kN = 2, kH = 5, kW = 6, kC = 8, kPixels = 20, kOutW = 3;
  std::vector<float> image(kN * kH * kW * kC);
  std::iota(image.begin(), image.end(), 1.0F);
  const DeviceVector<float> in(image), out(kPixels * kC);
  const cuuint64_t sizes[] = {kC, kW, kH, kN};
  const cuuint64_t strides[] = {kC * 4, kW * kC * 4, kH * kW * kC * 4};
  const cuuint32_t steps[] = {1, 2, 1, 1};
  const int lower[] = {-1, -1}, upper[] = {1 - 2, 1 - 2};
  CUtensorMap map;
  const auto encode = driver_function<decltype(cuTensorMapEncodeIm2col)>("cuTensorMapEncodeIm2col");
  ASSERT_EQ(
      encode(&map, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 4, in.data(), sizes, strides, lower, upper, kC,
             kPixels, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
             CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
      CUDA_SUCCESS);
  const int first = 4;  // output pixel: row 1, column 1
  for (int tap = 0; tap < 9; ++tap) {
    const int r = tap / 3, s = tap % 3;
    load_column<<<1, 32>>>(map, first % kOutW * 2 - 1, first / kOutW - 1, 0, uint16_t(s),
                           uint16_t(r), kPixels, out.data());
    ASSERT_CUDA(cudaDeviceSynchronize());
    const std::vector<float> got = out.host();
    for (int i = 0; i < kPixels * kC; ++i) {
      const int pixel = first + i / kC, n = pixel / (kH * kOutW);
      const int h = pixel / kOutW % kH + r - 1, w = pixel % kOutW * 2 + s - 1;
      const bool inside = h >= 0 && h < kH && w >= 0 && w < kW && n < kN;
      ASSERT_EQ(got[i], inside ? image[((n * kH + h) * kW + w) * kC + i % kC] : 0.0F)
          << "tap " << tap << " element " << i;
    }
  }
}

TEST_F(TensorMap, StoresAndAddsWhatIsInside) {
  const DeviceVector<float> out(std::vector<float>(20 * 40, 0.5F));
  Tiled tiled;
  tiled.address = out.data();
  ASSERT_EQ(tiled.encode(), CUDA_SUCCESS);
  ASSERT_CUDA(cudaMemcpyToSymbol(constant_map, &tiled.map, sizeof tiled.map));
  const auto expect = [&](float old, float factor) {
    const std::vector<float> got = out.host();
    for (int i = 0; i < 20 * 40; ++i) {
      const int row = i / 40 - 10, column = i % 40 - 16;
      const bool inside = row >= 0 && row < kRows && column >= 0 && column < kColumns;
      const float value = factor * float(row * kColumns + column + 1);
      ASSERT_EQ(got[i], inside ? old + value : 0.5F) << i;
    }
  };
  write_tile<false><<<1, 32>>>(16, 10);
  ASSERT_CUDA(cudaDeviceSynchronize());
  expect(0, 1);
  write_tile<true><<<3, 32>>>(16, 10);
  ASSERT_CUDA(cudaDeviceSynchronize());
  expect(0, 4);
}

TEST_F(TensorMap, MovesToAnotherAddress) {
  std::vector<float> matrix(20 * 40);
  std::iota(matrix.begin(), matrix.end(), 1.0F);
  const DeviceVector<float> a(20 * 40), b(matrix), out(kRows * kColumns);
  Tiled tiled;
  tiled.address = a.data();
  tiled.swizzle = CU_TENSOR_MAP_SWIZZLE_128B;
  ASSERT_EQ(tiled.encode(), CUDA_SUCCESS);
  const auto move =
      driver_function<decltype(cuTensorMapReplaceAddress)>("cuTensorMapReplaceAddress");
  EXPECT_EQ(move(&tiled.map, reinterpret_cast<char*>(b.data()) + 8), CUDA_ERROR_INVALID_VALUE);
  ASSERT_EQ(move(&tiled.map, b.data()), CUDA_SUCCESS);
  load_tile<<<1, 64>>>(tiled.map, 0, 0, out.data());
  EXPECT_EQ(out.host()[kColumns], 41.0F);
}

TEST_F(TensorMap, BrokenRulesAreInvalidValues) {
  const DeviceVector<float> in(20 * 40);
  const std::vector<std::pair<const char*, std::function<void(Tiled&)>>> spoils = {
      {"map", [](Tiled& t) { t.out = reinterpret_cast<CUtensorMap*>(16); }},
      {"null map", [](Tiled& t) { t.out = nullptr; }},
      {"type", [](Tiled& t) { t.type = static_cast<CUtensorMapDataType>(99); }},
      {"rank 0", [](Tiled& t) { t.rank = 0; }},
      {"rank 6", [](Tiled& t) { t.rank = 6; }},
      {"address", [](Tiled& t) { t.address = static_cast<char*>(t.address) + 8; }},
      {"size 0", [](Tiled& t) { t.sizes[1] = 0; }},
      {"size", [](Tiled& t) { t.sizes[1] = (cuuint64_t{1} << 32) + 1; }},
      {"stride", [](Tiled& t) { t.strides[0] = 168; }},
      {"large stride", [](Tiled& t) { t.strides[0] = cuuint64_t{1} << 40; }},
      {"box 0", [](Tiled& t) { t.box[1] = 0; }},
      {"box", [](Tiled& t) { t.box[1] = 257; }},
      {"huge box", [](Tiled& t) { t.box[1] = 65536 + 16; }},
      {"inner box", [](Tiled& t) { t.box[0] = 30; }},
      {"swizzled row", [](Tiled& t) { t.swizzle = CU_TENSOR_MAP_SWIZZLE_64B; }},
      {"step", [](Tiled& t) { t.steps[1] = 9; }},
      {"step 0", [](Tiled& t) { t.steps[1] = 0; }},
      {"interleave", [](Tiled& t) { t.interleave = CU_TENSOR_MAP_INTERLEAVE_16B; }},
      {"32-byte interleave",
       [](Tiled& t) {
         t.rank = 3;
         t.interleave = CU_TENSOR_MAP_INTERLEAVE_32B;
       }},
      {"NaN in integers",
       [](Tiled& t) {
         t.type = CU_TENSOR_MAP_DATA_TYPE_INT32;
         t.fill = CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA;
       }},
      {"padded type", [](Tiled& t) { t.type = CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B; }},
  };
  for (const auto& [what, spoil] : spoils) {
    Tiled tiled;
    tiled.address = in.data();
    spoil(tiled);
    EXPECT_EQ(tiled.encode(), CUDA_ERROR_INVALID_VALUE) << what;
  }
  EXPECT_CUDA(cudaGetLastError());
}

TEST_F(TensorMap, WideIm2colNeedsALaterDevice) {
  VIRTUAL_GPU_ONLY();
  const auto encode =
      driver_function<decltype(cuTensorMapEncodeIm2colWide)>("cuTensorMapEncodeIm2colWide");
  CUtensorMap map;
  EXPECT_EQ(encode(&map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 3, nullptr, nullptr, nullptr, 0, 0, 8, 8,
                   nullptr, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_IM2COL_WIDE_MODE_W,
                   CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
            CUDA_ERROR_NOT_SUPPORTED);
}

}  // namespace
