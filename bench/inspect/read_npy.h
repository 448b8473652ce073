// NumPy's .npy files: little-endian float32 or float64 in C order, any format version.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tconv::inspect {

struct Array {
  std::vector<int64_t> dims;
  std::vector<double> values;  ///< row-major, all finite
};

/// Throws ProblemError "<file>: ...", one line, for what is not such a file or holds a non-finite
/// value.
Array read_npy(const std::filesystem::path&);

}  // namespace tconv::inspect
