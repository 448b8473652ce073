// tests/ptxvm/ops/<mnemonic>.ptx: one entry per operand signature, one line per instruction under
// test. Each thread has a record: four 64-bit inputs, then one 64-bit slot per result. A line ends
// with the stores of its results: that is how a test finds them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reference/ptxvm/vm.h"

namespace ptxvm::test {

/// One line.
struct Variant {
  std::string text;                // "add.sat.s32 d, a, b": the instruction or instructions
  std::string mnemonic;            // "add"
  std::vector<std::string> words;  // "sat", "s32": of the first instruction
  std::vector<int> slots;          // of its results
  std::vector<int> result_bits;    // 16, 32, 64 as stored
  bool has(std::string_view word) const;
  /// The n-th word that is a type: "s32"; empty if there are fewer.
  std::string type(int n = 0) const;
};

struct Entry {
  std::string name;  // its operand classes: h 16, r 32, l 64 bits, p and q predicates
  int record = 0;    // bytes
  std::vector<Variant> variants;
};

struct Inputs {
  uint64_t in[32][4];
};
/// slots[lane][k]: result slot k of a record, filled with kUntouched before the launch.
inline constexpr uint64_t kUntouched = 0xa5a5a5a5a5a5a5a5;
using Outputs = std::vector<std::vector<uint64_t>>;

class OpFile {
 public:
  explicit OpFile(const std::string& path);
  const std::vector<Entry>& entries() const { return entries_; }
  /// Runs one warp; lanes outside `active` leave at once.
  Outputs run(const Entry&, const Inputs&, uint32_t active);

 private:
  std::vector<Entry> entries_;
  std::unique_ptr<Machine> machine_;
  Machine::ModuleId module_ = 0;
  uint64_t buffer_ = 0;
};

}  // namespace ptxvm::test
