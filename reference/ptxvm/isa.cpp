#include "reference/ptxvm/isa.h"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace ptxvm {

#ifdef PTXVM_HAS_base
namespace base {
extern const IsaTable table;
}
#endif
#ifdef PTXVM_HAS_avx2
namespace avx2 {
extern const IsaTable table;
}
#endif
#ifdef PTXVM_HAS_avx512
namespace avx512 {
extern const IsaTable table;
}
#endif

namespace {

struct Candidate {
  std::string_view name;
  const IsaTable* table;
  bool runs;
};

const Candidate& choose() {
  static const Candidate candidates[] = {
  // widest first
#ifdef PTXVM_HAS_avx512
      {"avx512", &avx512::table,
       __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma")},
#endif
#ifdef PTXVM_HAS_avx2
      {"avx2", &avx2::table,
       __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2")},
#endif
      {"base", &base::table, true},
  };
  const char* wanted = std::getenv("PTXVM_ISA");
  for (const Candidate& c : candidates) {
    if (wanted && *wanted ? c.name == wanted : c.runs) {
      if (!c.runs)
        throw std::runtime_error("PTXVM_ISA=" + std::string(wanted) + ": this CPU does not run it");
      return c;
    }
  }
  throw std::runtime_error("PTXVM_ISA=" + std::string(wanted) + ": must be base, avx2 or avx512");
}

const Candidate& chosen() {
  static const Candidate& c = choose();
  return c;
}

}  // namespace

const IsaTable& isa() { return *chosen().table; }
std::string_view isa_name() { return chosen().name; }

const Opcode* find_opcode(std::string_view mnemonic) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const Opcode*> rows;
    for (size_t i = 0; i < isa().count; ++i)
      rows.emplace(isa().opcodes[i].mnemonic, &isa().opcodes[i]);
    return rows;
  }();
  const auto found = index.find(mnemonic);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace ptxvm
