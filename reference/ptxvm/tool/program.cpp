#include "reference/ptxvm/tool/program.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "reference/ptxvm/tool/elf.h"

namespace ptxvm::tool {
namespace {

using Bytes = std::span<const std::byte>;

std::vector<char> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw ProgramError(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// nvcc's section of containers, and the one for those of -rdc=true.
bool holds_containers(const std::string& section) {
  return section == ".nv_fatbin" || section == "__nv_relfatbin";
}

Entry to_entry(const cudart::FatbinEntry& e) {
  Entry out{e.kind, e.sm, e.only_this_sm, e.compression, e.payload.size(), e.text_size, {}};
  if (e.kind == cudart::FatbinEntry::Kind::ptx)
    out.text = cudart::ptx_text(e), out.bytes = out.text.size();
  return out;
}

}  // namespace

Program::Program(const std::filesystem::path& path) : name_(path.string()) {
  const std::vector<char> file = read_file(path);
  const Bytes bytes = std::as_bytes(std::span(file));
  if (is_elf(bytes)) {
    for (const Section& section : sections(bytes))
      if (holds_containers(section.name)) add_containers(section.bytes);
    if (entries_.empty()) throw ProgramError(name_ + ": holds no device code");
    return;
  }
  Entry entry;
  entry.text.assign(file.begin(), file.end());
  if (entry.text.find(".version") == std::string::npos)
    throw ProgramError(name_ + ": is neither an ELF file nor PTX");
  entry.stored_bytes = entry.bytes = entry.text.size();
  entries_.push_back(std::move(entry));
  entries_.back().sm = parse(0)->target;
}

/// Containers follow each other, with zeros between them for alignment.
void Program::add_containers(Bytes section) {
  constexpr uint64_t kWord = 4, kHeader = 16;
  for (uint64_t at = 0; at + kHeader <= section.size();) {
    uint32_t word = 0;
    std::memcpy(&word, section.data() + at, kWord);
    if (word == 0) {
      at += kWord;
      continue;
    }
    const Bytes rest = section.subspan(at);
    for (const cudart::FatbinEntry& e : cudart::read_container(rest))
      entries_.push_back(to_entry(e));
    uint64_t size = 0;
    std::memcpy(&size, rest.data() + 8, sizeof size);
    at += kHeader + (size + kWord - 1) / kWord * kWord;  // read_container has checked that it fits
  }
}

std::unique_ptr<ptx::Module> Program::parse(size_t k) const {
  return ptx::parse(entries_[k].text,
                    name_ + (entries_.size() > 1 ? " (entry " + std::to_string(k) + ")" : ""));
}

std::optional<uint64_t> AnySymbol::address(std::string_view symbol) const {
  return 0x0001'0000'0000'0000 + (std::hash<std::string_view>{}(symbol)&0xffff'ffff'fff0);
}

}  // namespace ptxvm::tool
