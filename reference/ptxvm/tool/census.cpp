// ptxvm-tool census.
#include <cstdint>
#include <cstdio>
#include <map>

#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/tool/commands.h"
#include "reference/ptxvm/tool/program.h"

namespace ptxvm::tool {
namespace {

struct Count {
  uint64_t times = 0;
  bool handled = false, tested = true;
};

/// As it stands in PTX: the parser marks what kind of parameter `param` is.
std::string written_name(const ptx::Instruction& in) {
  std::string name = in.full_name();
  for (const std::string_view mark : {"param::entry", "param::func"})
    if (const size_t at = name.find(mark); at != std::string::npos)
      name.replace(at, mark.size(), "param");
  return name;
}

bool has_handler(const ptx::Instruction& in) {
  const Opcode* row = find_opcode(in.mnemonic);
  if (!row || !row->selector) return false;
  // mov from a clock is not select_mov's; its own selector decides.
  return row->selector(in).handler ||
         (in.mnemonic == "mov" && isa().mov_dynamic && isa().mov_dynamic(in).handler);
}

}  // namespace

int census(const std::vector<std::filesystem::path>& programs, const std::filesystem::path& tests) {
  std::map<std::string, Count> opcodes;
  int status = 0;
  for (const auto& file : programs) {
    const Program program(file);
    size_t modules = 0;
    for (size_t k = 0; k < program.entries().size(); ++k) {
      if (program.entries()[k].kind != cudart::FatbinEntry::Kind::ptx) continue;
      ++modules;
      const auto module = program.parse(k);
      for (const ptx::Function& f : module->functions) {
        for (const ptx::Statement& s : f.body) {
          if (!s.label.empty()) continue;
          Count& count = opcodes[written_name(s.instruction)];
          if (count.times++ == 0) {
            count.handled = has_handler(s.instruction);
            count.tested =
                tests.empty() || std::filesystem::exists(tests / (s.instruction.mnemonic + ".ptx"));
          }
        }
      }
    }
    if (modules == 0) throw ProgramError(program.name() + ": holds machine code only, no PTX");
  }
  uint64_t total = 0;
  for (const auto& [name, count] : opcodes) {
    total += count.times;
    std::printf("%8llu  %s%s%s\n", static_cast<unsigned long long>(count.times), name.c_str(),
                count.handled ? "" : "  NO HANDLER", count.tested ? "" : "  NO TEST");
    if (!count.handled || !count.tested) status = 1;
  }
  std::printf("%8llu  instructions, %zu opcodes%s\n", static_cast<unsigned long long>(total),
              opcodes.size(), status ? ", some without handler or test" : "");
  return status;
}

}  // namespace ptxvm::tool
