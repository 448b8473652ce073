// What the doubles of cuDNN and cuBLAS count together: calls, one of which can be made to fail;
// what they made and did not yet take back; what their latest work is said to have lasted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

/// Milliseconds, made up by the engine that ran last: no clock was read. For the test's own
/// cudaEventElapsedTime.
TCONV_DOUBLES_API float pretended_ms();
TCONV_DOUBLES_API void pretend_ms(float ms);

}  // namespace tconv::doubles
