// Any text as a problem descriptor: refused with one line, or a problem that prints and parses back
// to itself and whose sizes are all computed without overflow.
#include <cstdint>
#include <cstdlib>

#include "reference/problem.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto problem = tconv::Problem::parse({reinterpret_cast<const char*>(data), size});
    const std::string text = problem.str();
    if (!(tconv::Problem::parse(text) == problem)) std::abort();
    (void)problem.shape_class(), problem.flops_dense_input(), problem.flops_dense_output();
    (void)problem.bytes_compulsory(tconv::DType::f32);
    if (problem.taps() < 1 << 16) (void)problem.macs_needed();  // a loop over each axis' taps
  } catch (const tconv::ProblemError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
