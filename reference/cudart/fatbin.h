// Reads what nvcc embeds in a program: a wrapper, one or more containers, each a list of PTX and
// machine code entries. Layout found by dumping the output of nvcc 13.0; see README.md. Every read
// is checked against the container's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace cudart {

/// Bytes that are not a fat binary, or one that is cut off or damaged; says where and what.
struct FatbinError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Compression { none, lz4, zstd };

struct FatbinEntry {
  enum class Kind : uint16_t { ptx = 1, machine_code = 2 };
  Kind kind;
  int sm;             ///< 80 for sm_80
  bool only_this_sm;  ///< built for sm_90a and the like: runs on that architecture and no other
  Compression compression;
  uint64_t text_size;                  ///< of the uncompressed payload
  std::span<const std::byte> payload;  ///< points into the container
};

/// The entries of one container, in order. Entries of other kinds are skipped. Throws FatbinError.
std::vector<FatbinEntry> read_container(std::span<const std::byte> container);

/// The containers that a program's wrapper (what __cudaRegisterFatBinary gets) points at: one, or
/// with -rdc=true one for each translation unit. The wrapper is trusted to be mapped, as the loader
/// put it there. Throws FatbinError.
std::vector<std::span<const std::byte>> containers_of(const void* wrapper);

/// A container by itself, as nvcc -fatbin writes it; empty if there is none.
std::span<const std::byte> container_at(const void* start);
/// True if it is what containers_of() takes.
bool is_wrapper(const void* start);

/// The PTX entry for the highest target that a device of `sm` can run, or null.
const FatbinEntry* select_ptx(std::span<const FatbinEntry> entries, int sm);

/// The PTX text of an entry, decompressed, without its trailing zeros. Throws FatbinError.
std::string ptx_text(const FatbinEntry& entry);

}  // namespace cudart
