#include <utility>

#include "reference/cudart/entry/entry.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaGetLastError() { return std::exchange(last_error(), cudaSuccess); }
CUDART_ENTRY cudaError_t cudaPeekAtLastError() { return last_error(); }

CUDART_ENTRY const char* cudaGetErrorName(cudaError_t error) {
  const char* name = error_name(error);
  return name ? name : "unrecognized error code";
}
CUDART_ENTRY const char* cudaGetErrorString(cudaError_t error) {
  const char* text = error_text(error);
  return text ? text : "unrecognized error code";
}
