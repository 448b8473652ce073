// A program's device code, read from its file: the fat binaries in it, or one file of PTX.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "reference/cudart/fatbin.h"
#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/ptx.h"

namespace ptxvm::tool {

/// A file that cannot be read, or holds no device code. One line.
struct ProgramError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Entry {
  cudart::FatbinEntry::Kind kind = cudart::FatbinEntry::Kind::ptx;
  int sm = 0;
  bool only_this_sm = false;  ///< sm_90a and the like
  cudart::Compression compression = cudart::Compression::none;
  uint64_t stored_bytes = 0, bytes = 0;  ///< in the file; unpacked
  std::string text;                      ///< PTX, unpacked; empty for machine code
};

class Program {
 public:
  /// An ELF file (program, shared library or object) with fat binaries, or PTX. Throws
  /// ProgramError, FatbinError, ElfError.
  explicit Program(const std::filesystem::path&);

  const std::string& name() const { return name_; }
  const std::vector<Entry>& entries() const { return entries_; }
  /// The PTX entry k, parsed. Throws PtxError.
  std::unique_ptr<ptx::Module> parse(size_t k) const;

 private:
  void add_containers(std::span<const std::byte> section);
  std::string name_;
  std::vector<Entry> entries_;
};

/// Gives every symbol an address, so that a module can be lowered alone, whatever it leaves to
/// others.
class AnySymbol final : public SymbolResolver {
 public:
  std::optional<uint64_t> address(std::string_view symbol) const override;
};

}  // namespace ptxvm::tool
