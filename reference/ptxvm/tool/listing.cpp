// ptxvm-tool disassemble.
#include <cstdio>
#include <regex>

#include "reference/ptxvm/disassemble.h"
#include "reference/ptxvm/tool/commands.h"
#include "reference/ptxvm/tool/program.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm::tool {
namespace {

void print_body(const ptx::Function& function) {
  std::printf("%s %s  // %s\n", function.is_entry ? ".entry" : ".func", function.name.c_str(),
              readable(function.name).c_str());
  for (const ptx::Statement& s : function.body) {
    if (s.label.empty())
      std::printf("  :%-6u %s;\n", s.instruction.ptx_line, ptxvm::to_string(s.instruction).c_str());
    else
      std::printf("%s:\n", s.label.c_str());
  }
}

void print_lowered(const ptx::Module& module, const ptx::Function& function) {
  try {
    for (const auto& code : lower_program(module, function, AnySymbol())->codes)
      std::printf("%s", ptxvm::disassemble(*code).c_str());
  } catch (const PtxError& error) {
    std::printf("%s: not supported: %s\n", function.name.c_str(), error.what());
  }
}

}  // namespace

int disassemble(const std::filesystem::path& file, const std::string& kernels, bool lowered) {
  const std::regex wanted(kernels);
  const Program program(file);
  bool found = false;
  for (size_t k = 0; k < program.entries().size(); ++k) {
    if (program.entries()[k].kind != cudart::FatbinEntry::Kind::ptx) continue;
    if (kernels.empty() && !lowered) {
      std::printf("%s\n", program.entries()[k].text.c_str());
      found = true;
      continue;
    }
    const auto module = program.parse(k);
    for (const ptx::Function& f : module->functions) {
      if (!f.has_body || (lowered && !f.is_entry))
        continue;  // functions are lowered with the entries that call them
      if (!std::regex_search(f.name, wanted) && !std::regex_search(readable(f.name), wanted))
        continue;
      found = true;
      lowered ? print_lowered(*module, f) : print_body(f);
    }
  }
  if (!found)
    std::fprintf(stderr, "%s: no PTX function matches '%s'\n", file.c_str(), kernels.c_str());
  return found ? 0 : 1;
}

}  // namespace ptxvm::tool
