// Any text through the parser, lowering (the decoder) and the listing: PtxError or a program, never
// anything else.
#include <cstdint>
#include <string_view>

#include "reference/ptxvm/disassemble.h"
#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/vm.h"

namespace {

/// Every variable and function of the module has some address; nothing else has one.
class Symbols final : public ptxvm::SymbolResolver {
 public:
  explicit Symbols(const ptxvm::ptx::Module& module) : module_(module) {}
  std::optional<uint64_t> address(std::string_view name) const override {
    uint64_t next = 0x700000000000;
    for (const auto& v : module_.variables)
      if (next += 4096; v.name == name) return next;
    for (const auto& f : module_.functions)
      if (next += 16; f.name == name) return next;
    return std::nullopt;
  }

 private:
  const ptxvm::ptx::Module& module_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto module = ptxvm::ptx::parse({reinterpret_cast<const char*>(data), size}, "fuzz.ptx");
    const Symbols symbols(*module);
    for (const auto& function : module->functions) {
      if (!function.has_body) continue;
      try {
        const auto program = ptxvm::lower_program(*module, function, symbols);
        for (const auto& code : program->codes) (void)ptxvm::disassemble(*code);
      } catch (const ptxvm::PtxError&) {
      }
    }
  } catch (const ptxvm::PtxError&) {
  }
  return 0;
}
