// Sections of an ELF64 file, as far as fat binaries need them. Every offset is checked against the
// file's end.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ptxvm::tool {

/// Bytes that are no ELF64 file of this machine's byte order, or a damaged one; says where and
/// what.
struct ElfError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool is_elf(std::span<const std::byte> file);

struct Section {
  std::string name;
  std::span<const std::byte> bytes;  ///< points into the file; empty for .bss and its like
};

/// All sections, in the file's order. Throws ElfError.
std::vector<Section> sections(std::span<const std::byte> file);

}  // namespace ptxvm::tool
