// Error codes of the runtime: how the code inside reports them, and how they become lines, names
// and "last errors".
#pragma once

#include <string_view>

#include <cuda_runtime_api.h>

namespace cudart {

/// Thrown inside, returned by the entry. A reason that helps the user has been printed by then with
/// note().
struct Error {
  cudaError_t code;
};

[[noreturn]] void fail(cudaError_t code);
/// Prints the reason as one line, then fails.
[[noreturn]] void fail(cudaError_t code, std::string_view reason);
inline void require(bool condition, cudaError_t code) {
  if (!condition) fail(code);
}

/// One line on stderr, marked as the virtual GPU's.
void note(std::string_view line);

/// The calling thread's last error, as cudaGetLastError reads and clears it.
cudaError_t& last_error();
/// Remembers a failure as the last error; returns the code.
cudaError_t remember(cudaError_t code);

/// Null for a number that is no error code.
const char* error_name(cudaError_t code);
const char* error_text(cudaError_t code);

/// A function of the API that the virtual GPU does not have: says so by name and returns
/// cudaErrorNotSupported.
int report_unsupported(const char* function);

}  // namespace cudart
