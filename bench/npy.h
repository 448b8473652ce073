// NumPy's .npy files, format version 1.0, float32, C order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace tconv::bench {

/// Writes `data`, shaped `dims`. Throws std::runtime_error naming the file if it cannot be written.
void write_npy(const std::filesystem::path&, std::span<const float> data,
               std::span<const int64_t> dims);

}  // namespace tconv::bench
