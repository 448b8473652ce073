// What the doubles of cuDNN and cuBLAS count together: calls, one of which can be made to fail;
// what they made and did not yet take back; what their latest work is said to have lasted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <cuda_runtime_api.h>

#define TCONV_DOUBLES_API [[gnu::visibility("default")]]

namespace tconv::doubles {

/// The n-th call from now on of `function` ("any": of whatever can fail) fails, once; none for
/// n = 0. Before the first plan, TCONV_DOUBLE_FAIL=function:n is one.
TCONV_DOUBLES_API void plan_failure(std::string_view function, int64_t n);
/// For the doubles: counts a call; true if it is the one that has to fail.
TCONV_DOUBLES_API bool fails(std::string_view function);
/// "cudnnBackendFinalize fails as planned", or empty as long as nothing did.
TCONV_DOUBLES_API const std::string& failure();

/// Handles and descriptors that exist.
TCONV_DOUBLES_API int64_t live();
TCONV_DOUBLES_API void count_live(int64_t change);

/// What ran last: on which stream, and how long it is pretended to have taken. No clock was read.
struct Work {
  cudaStream_t stream = nullptr;
  float ms = 0;
};
TCONV_DOUBLES_API const Work& latest_work();
TCONV_DOUBLES_API void note_work(const Work&);

}  // namespace tconv::doubles
