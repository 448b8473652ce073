#include "reference/cudart/tensor_map.h"

#include <cstring>
#include <string>
#include <utility>

#include "reference/cudart/address.h"
#include "reference/cudart/answer.h"
#include "reference/ptxvm/tensor_map.h"

namespace cudart {
namespace {

using ptxvm::SwizzleAtom;
using ptxvm::TensorMap;
using ptxvm::TensorSwizzle;
using ptxvm::TensorType;

constexpr int kFirstSm = 90;

constexpr TensorType kTypes[] = {  // by CUtensorMapDataType
    TensorType::u8,       TensorType::u16,   TensorType::u32,       TensorType::s32,
    TensorType::u64,      TensorType::s64,   TensorType::f16,       TensorType::f32,
    TensorType::f64,      TensorType::bf16,  TensorType::f32_ftz,   TensorType::tf32,
    TensorType::tf32_ftz, TensorType::b4x16, TensorType::b4x16_p64, TensorType::b6x16_p32};
struct Swizzle {
  TensorSwizzle mode;
  SwizzleAtom atom;
};
constexpr Swizzle kSwizzles[] = {  // by CUtensorMapSwizzle
    {TensorSwizzle::none, SwizzleAtom::bytes16},
    {TensorSwizzle::bytes32, SwizzleAtom::bytes16},
    {TensorSwizzle::bytes64, SwizzleAtom::bytes16},
    {TensorSwizzle::bytes128, SwizzleAtom::bytes16},
    {TensorSwizzle::bytes128, SwizzleAtom::bytes32},
    {TensorSwizzle::bytes128, SwizzleAtom::bytes32_flip8},
    {TensorSwizzle::bytes128, SwizzleAtom::bytes64}};

/// Arguments that both encoders take.
struct Tensor {
  const char* function = nullptr;
  CUtensorMap* out = nullptr;
  CUtensorMapDataType type{};
  cuuint32_t rank = 0;
  void* address = nullptr;
  const cuuint64_t* sizes = nullptr;
  const cuuint64_t* strides = nullptr;
  const cuuint32_t* steps = nullptr;
  CUtensorMapInterleave interleave{};
  CUtensorMapSwizzle swizzle{};
  CUtensorMapL2promotion promotion{};
  CUtensorMapFloatOOBfill fill{};
};

[[noreturn]] void refuse(const Tensor& tensor, const std::string& why) {
  fail(cudaErrorInvalidValue, std::string(tensor.function) + ": " + why);
}
void demand(const Tensor& tensor, bool holds, const std::string& why) {
  if (!holds) refuse(tensor, why);
}

/// Numbers that do not fit the map's fields would slip by the map's own rules.
template <class To, class From>
To fitting(const Tensor& tensor, From value, const std::string& what) {
  demand(tensor, std::in_range<To>(value), what + " is " + std::to_string(value));
  return static_cast<To>(value);
}

void require_device(const char* function) {
  if (Context::get().sm() < kFirstSm)
    fail(cudaErrorNotSupported,
         std::string(function) +
             ": tensor maps need compute capability 9.0 (PTXVM_DEVICE=h100-sxm)");
}

std::string numbered(const char* what, size_t i) {
  return std::string(what) + "[" + std::to_string(i) + "]";
}

void set_sizes(TensorMap& map, const Tensor& tensor) {
  for (cuuint32_t i = 0; i < tensor.rank; ++i) {
    const cuuint64_t size = tensor.sizes[i];
    demand(tensor, size >= 1 && size <= cuuint64_t{1} << 32,
           numbered("globalDim", i) + " is not 1 to 2^32");
    map.sizes[i] = static_cast<uint32_t>(size);
    map.steps[i] = fitting<uint16_t>(tensor, tensor.steps[i], numbered("elementStrides", i));
    if (i) map.strides[i - 1] = tensor.strides[i - 1];
  }
}

TensorMap common_fields(const Tensor& tensor) {
  require_device(tensor.function);
  demand(tensor, tensor.out && number(tensor.out) % ptxvm::kTensorMapAlignment == 0,
         "tensorMap is not aligned to 64 bytes");
  demand(tensor, tensor.rank >= 1 && tensor.rank <= ptxvm::kTensorRank, "tensorRank is not 1 to 5");
  demand(tensor, tensor.sizes && tensor.steps && (tensor.rank == 1 || tensor.strides),
         "an array is null");
  demand(tensor, size_t(tensor.type) < std::size(kTypes), "tensorDataType is unknown");
  demand(tensor, tensor.interleave <= CU_TENSOR_MAP_INTERLEAVE_32B, "interleave is unknown");
  demand(tensor, size_t(tensor.swizzle) < std::size(kSwizzles), "swizzle is unknown");
  demand(tensor, tensor.promotion <= CU_TENSOR_MAP_L2_PROMOTION_L2_256B, "l2Promotion is unknown");
  demand(tensor, tensor.fill <= CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA,
         "oobFill is unknown");
  TensorMap map;
  map.last_dimension = static_cast<uint8_t>(tensor.rank - 1);
  map.type = kTypes[tensor.type];
  map.address = number(tensor.address);
  demand(tensor, map.address, "globalAddress is null");
  map.interleave = static_cast<ptxvm::TensorInterleave>(tensor.interleave);
  map.swizzle = kSwizzles[tensor.swizzle].mode;
  map.atom = kSwizzles[tensor.swizzle].atom;
  map.promotion = static_cast<uint8_t>(tensor.promotion);
  map.fill = static_cast<ptxvm::TensorFill>(tensor.fill);
  set_sizes(map, tensor);
  return map;
}

/// The caller's map changes only if nothing is wrong.
void finish(const Tensor& tensor, const TensorMap& map) {
  const std::string error = tensor_map_error(map);
  if (!error.empty()) refuse(tensor, error);
  static_assert(sizeof(CUtensorMap) == sizeof(TensorMap));
  std::memcpy(tensor.out, &map, sizeof map);
}

/// `fields(tensor, map)` checks and sets what only one of the encoders has.
template <class Fields, class... Arguments>
CUresult encode(Fields fields, Arguments... arguments) {
  return answer([&] {
    const Tensor tensor{arguments...};
    TensorMap map = common_fields(tensor);
    fields(tensor, map);
    finish(tensor, map);
  });
}

}  // namespace

CUresult tensor_map_encode_tiled(CUtensorMap* out, CUtensorMapDataType type, cuuint32_t rank,
                                 void* address, const cuuint64_t* sizes, const cuuint64_t* strides,
                                 const cuuint32_t* box, const cuuint32_t* steps,
                                 CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                 CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
  const auto fields = [&](const Tensor& tensor, TensorMap& map) {
    demand(tensor, box, "an array is null");
    for (cuuint32_t i = 0; i < rank; ++i)
      map.box[i] = fitting<uint16_t>(tensor, box[i], numbered("boxDim", i));
  };
  return encode(fields, "cuTensorMapEncodeTiled", out, type, rank, address, sizes, strides, steps,
                interleave, swizzle, promotion, fill);
}

CUresult tensor_map_encode_im2col(CUtensorMap* out, CUtensorMapDataType type, cuuint32_t rank,
                                  void* address, const cuuint64_t* sizes, const cuuint64_t* strides,
                                  const int* lower, const int* upper, cuuint32_t channels,
                                  cuuint32_t pixels, const cuuint32_t* steps,
                                  CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                  CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
  const auto fields = [&](const Tensor& tensor, TensorMap& map) {
    demand(tensor, rank >= 3, "tensorRank is not 3, 4 or 5");
    demand(tensor, lower && upper, "an array is null");
    map.mode = ptxvm::TensorMode::im2col;
    map.channels = fitting<uint16_t>(tensor, channels, "channelsPerPixel");
    map.pixels = fitting<uint16_t>(tensor, pixels, "pixelsPerColumn");
    // In the tensor's order, W first.
    for (cuuint32_t i = 0; i + 2 < rank; ++i) {
      map.lower[i] = fitting<int16_t>(tensor, lower[i], numbered("pixelBoxLowerCorner", i));
      map.upper[i] = fitting<int16_t>(tensor, upper[i], numbered("pixelBoxUpperCorner", i));
    }
  };
  return encode(fields, "cuTensorMapEncodeIm2col", out, type, rank, address, sizes, strides, steps,
                interleave, swizzle, promotion, fill);
}

CUresult tensor_map_encode_im2col_wide(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*,
                                       const cuuint64_t*, const cuuint64_t*, int, int, cuuint32_t,
                                       cuuint32_t, const cuuint32_t*, CUtensorMapInterleave,
                                       CUtensorMapIm2ColWideMode, CUtensorMapSwizzle,
                                       CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  return answer([&] {
    fail(cudaErrorNotSupported,
         "cuTensorMapEncodeIm2colWide: needs compute capability 10.0, which the virtual GPU has "
         "not");
  });
}

CUresult tensor_map_replace_address(CUtensorMap* out, void* address) {
  return answer([&] {
    const char* const name = "cuTensorMapReplaceAddress";
    require_device(name);
    const Tensor tensor{.function = name, .out = out};
    demand(tensor, out && number(out) % ptxvm::kTensorMapAlignment == 0,
           "tensorMap is not aligned to 64 bytes");
    TensorMap map;
    std::memcpy(static_cast<void*>(&map), out, sizeof map);
    map.address = number(address);
    demand(tensor, map.address, "globalAddress is null");
    finish(tensor, map);
  });
}

}  // namespace cudart
