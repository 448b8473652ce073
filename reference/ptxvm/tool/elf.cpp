#include "reference/ptxvm/tool/elf.h"

#include <algorithm>
#include <cstring>
#include <elf.h>

namespace ptxvm::tool {
namespace {

using Bytes = std::span<const std::byte>;

Bytes slice(Bytes file, uint64_t offset, uint64_t size, const char* what) {
  if (offset > file.size() || size > file.size() - offset)
    throw ElfError(std::string("ELF: ") + what + " reaches past the end of the file");
  return file.subspan(offset, size);
}

template <class T>
T read(Bytes file, uint64_t offset, const char* what) {
  T value;
  std::memcpy(&value, slice(file, offset, sizeof(T), what).data(), sizeof(T));
  return value;
}

std::string text_at(Bytes strings, uint64_t offset) {
  if (offset >= strings.size()) throw ElfError("ELF: a section's name lies outside its table");
  const auto* begin = reinterpret_cast<const char*>(strings.data()) + offset;
  return {begin, strnlen(begin, strings.size() - offset)};
}

Bytes contents(Bytes file, const Elf64_Shdr& header) {
  if (header.sh_type == SHT_NOBITS || header.sh_type == SHT_NULL) return {};
  return slice(file, header.sh_offset, header.sh_size, "a section");
}

std::vector<Elf64_Shdr> headers(Bytes file, const Elf64_Ehdr& elf) {
  if (elf.e_shoff == 0) return {};
  if (elf.e_shentsize != sizeof(Elf64_Shdr)) throw ElfError("ELF: odd size of section headers");
  const auto first = read<Elf64_Shdr>(file, elf.e_shoff, "the section table");
  // From 0xff00 sections on their number is in the first header.
  const uint64_t count = elf.e_shnum ? elf.e_shnum : first.sh_size;
  if (count > file.size() / sizeof(Elf64_Shdr))
    throw ElfError("ELF: more sections than the file has room for");
  std::vector<Elf64_Shdr> table(count);
  const Bytes bytes = slice(file, elf.e_shoff, count * sizeof(Elf64_Shdr), "the section table");
  if (count) std::memcpy(table.data(), bytes.data(), bytes.size());
  return table;
}

}  // namespace

bool is_elf(Bytes file) {
  return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

std::vector<Section> sections(Bytes file) {
  if (!is_elf(file)) throw ElfError("ELF: wrong magic number");
  const auto elf = read<Elf64_Ehdr>(file, 0, "the file header");
  if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB)
    throw ElfError("ELF: only 64-bit little-endian files hold CUDA programs");
  const std::vector<Elf64_Shdr> table = headers(file, elf);
  if (table.empty()) return {};
  const uint64_t names = elf.e_shstrndx == SHN_XINDEX ? table[0].sh_link : elf.e_shstrndx;
  if (names >= table.size()) throw ElfError("ELF: no table of section names");
  const Bytes strings = contents(file, table[names]);
  std::vector<Section> out;
  for (const Elf64_Shdr& header : table) {
    if (header.sh_type != SHT_NULL)
      out.push_back({text_at(strings, header.sh_name), contents(file, header)});
  }
  return out;
}

}  // namespace ptxvm::tool
