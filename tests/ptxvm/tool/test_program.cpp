// Device code found in files: an ELF file made here by the format's description, cut off and
// damaged.
#include <cstring>
#include <elf.h>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "reference/ptxvm/tool/elf.h"
#include "reference/ptxvm/tool/program.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm::tool {
namespace {

const std::string kPtx =
    ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k() { ret; }\n";

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A container with one plain PTX entry for compute_80.
std::string container() {
  std::string payload = kPtx;
  payload.resize((payload.size() + 8) / 8 * 8);
  std::string header(80, '\0');
  const auto put = [&](size_t at, const std::string& value) {
    header.replace(at, value.size(), value);
  };
  put(0, bytes_of(uint16_t{1}));
  put(4, bytes_of(uint32_t{80}));
  put(8, bytes_of(uint64_t{payload.size()}));
  put(28, bytes_of(uint32_t{80}));
  const std::string entry = header + payload;
  return bytes_of(0xBA55ED50u) + bytes_of(uint16_t{1}) + bytes_of(uint16_t{16}) +
         bytes_of(uint64_t{entry.size()}) + entry;
}

/// Header, .nv_fatbin, names, section table.
std::string elf(const std::string& fatbin) {
  const std::string names("\0.nv_fatbin\0.shstrtab\0", 22);
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = 3;
  head.e_shstrndx = 2;
  head.e_shoff = sizeof head + fatbin.size() + names.size();
  Elf64_Shdr table[3]{};
  table[1].sh_name = 1;
  table[1].sh_type = SHT_PROGBITS;
  table[1].sh_offset = sizeof head;
  table[1].sh_size = fatbin.size();
  table[2].sh_name = 12;
  table[2].sh_type = SHT_STRTAB;
  table[2].sh_offset = sizeof head + fatbin.size();
  table[2].sh_size = names.size();
  return bytes_of(head) + fatbin + names + bytes_of(table);
}

class File {
 public:
  explicit File(const std::string& contents) { std::ofstream(path, std::ios::binary) << contents; }
  ~File() { std::filesystem::remove(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("ptxvm_program_" + std::to_string(getpid()));
};

TEST(Program, EveryContainerOfTheSection) {
  const File file(elf(container() + std::string(12, '\0') + container()));
  const Program program(file.path);
  ASSERT_EQ(program.entries().size(), 2u);
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(program.entries()[k].sm, 80);
    EXPECT_EQ(program.entries()[k].text, kPtx);
    EXPECT_EQ(program.parse(k)->functions.at(0).name, "k");
  }
}

TEST(Program, PtxItself) {
  const File file(kPtx);
  EXPECT_EQ(Program(file.path).entries().at(0).sm, 80);
}

TEST(Program, FilesWithoutDeviceCodeAreNamed) {
  EXPECT_THROW(Program("/nowhere/a.out"), ProgramError);
  EXPECT_THROW(Program{std::filesystem::temp_directory_path()}, ProgramError);
  EXPECT_THROW(Program(File("text").path), ProgramError);
  EXPECT_THROW(Program(File(elf("")).path), ProgramError);
}

/// No program, or one whose entries were all read; a fault would end the test.
void read_anything(const std::string& contents) {
  try {
    const File file(contents);
    const Program program(file.path);
  } catch (const std::runtime_error&) {
  }
}

TEST(Program, CutOffOrDamagedFilesAreRefusedWithoutAFault) {
  const std::string whole = elf(container());
  for (size_t size = 0; size < whole.size(); size += 3) {
    const std::string part = whole.substr(0, size);
    EXPECT_THROW(sections(std::as_bytes(std::span(part))), ElfError) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i)
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string damaged = whole;
      damaged[i] = value;
      read_anything(damaged);
    }
}

}  // namespace
}  // namespace ptxvm::tool
