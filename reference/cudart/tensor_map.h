// cuTensorMapEncode...: the driver's functions that fill a tensor map. Arguments are checked by the
// rules that cuda.h documents; what a map holds is ptxvm/tensor_map.h. Broken rules are told in a
// line on stderr and are CUDA_ERROR_INVALID_VALUE.
#pragma once

#include <cuda.h>

namespace cudart {

decltype(cuTensorMapEncodeTiled) tensor_map_encode_tiled;
decltype(cuTensorMapEncodeIm2col) tensor_map_encode_im2col;
/// Needs compute capability 10: refused.
decltype(cuTensorMapEncodeIm2colWide) tensor_map_encode_im2col_wide;
decltype(cuTensorMapReplaceAddress) tensor_map_replace_address;

}  // namespace cudart
