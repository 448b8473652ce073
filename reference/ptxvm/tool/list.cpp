// ptxvm-tool list.
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>

#include "reference/ptxvm/tool/commands.h"
#include "reference/ptxvm/tool/program.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm::tool {
namespace {

const char* name_of(cudart::Compression compression) {
  constexpr const char* kNames[] = {"plain", "lz4", "zstd"};
  return kNames[static_cast<int>(compression)];
}

void print_kernel(const ptx::Module& module, const ptx::Function& function) {
  std::printf("    %s\n", readable(function.name).c_str());
  try {
    const auto program = lower_program(module, function, AnySymbol());
    const Code& code = program->entry();
    uint32_t local = 0;
    for (const auto& c : program->codes) local = std::max(local, c->local_bytes);
    std::printf(
        "      %zu parameters of %u bytes, static shared %u, local %u, registers live at once %u "
        "(ptxas has the last word), "
        "%zu ops\n",
        code.params.size(), code.param_bytes, program->static_shared, local, code.peak_registers,
        code.ops.size());
  } catch (const PtxError& error) {
    std::printf("      not supported: %s\n", error.what());
  }
}

}  // namespace

std::string readable(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : mangled;
}

int list(const std::filesystem::path& file) {
  const Program program(file);
  for (size_t k = 0; k < program.entries().size(); ++k) {
    const Entry& e = program.entries()[k];
    const bool ptx = e.kind == cudart::FatbinEntry::Kind::ptx;
    std::printf("%zu: %s %s_%d%s, %s, %llu bytes", k, ptx ? "PTX" : "machine code",
                ptx ? "compute" : "sm", e.sm, e.only_this_sm ? "a" : "", name_of(e.compression),
                static_cast<unsigned long long>(e.stored_bytes));
    if (e.bytes != e.stored_bytes)
      std::printf(" (%llu unpacked)", static_cast<unsigned long long>(e.bytes));
    std::printf("\n");
    if (!ptx) continue;
    const auto module = program.parse(k);
    for (const ptx::Function& f : module->functions)
      if (f.is_entry && f.has_body) print_kernel(*module, f);
  }
  return 0;
}

}  // namespace ptxvm::tool
