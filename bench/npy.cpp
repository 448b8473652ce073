#include "bench/npy.h"

#include <bit>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tconv::bench {

// Layout of version 1.0 (NumPy's NEP 1): magic, version, u16 length, then a Python dict padded with
// spaces and ended by a newline so that the data starts at a multiple of 64.
void write_npy(const std::filesystem::path& path, std::span<const float> data,
               std::span<const int64_t> dims) {
  static_assert(std::endian::native == std::endian::little, "the header below says little-endian");
  constexpr size_t kPreamble = 10;
  constexpr size_t kAlignment = 64;
  // Python's tuple of one has a comma after its element.
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(dims, ", "), dims.size() == 1 ? "," : "");
  header.append(kAlignment - 1 - (kPreamble + header.size()) % kAlignment, ' ');
  header += '\n';

  std::string preamble("\x93NUMPY\x01\x00", 8);
  preamble += static_cast<char>(header.size() & 0xff);
  preamble += static_cast<char>(header.size() >> 8);

  std::ofstream file(path, std::ios::binary);
  file << preamble << header;
  file.write(reinterpret_cast<const char*>(data.data()),
             static_cast<std::streamsize>(data.size_bytes()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace tconv::bench
