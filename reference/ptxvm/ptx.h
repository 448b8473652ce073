// PTX as parsed: modules, variables, functions, instructions. Nothing here is resolved to slots or
// handlers; lower.h does that. Grammar: PTX ISA 9.0, chapters 4 (syntax), 5 (state spaces, types),
// 10 (directives).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ptxvm::ptx {

enum class Type : uint8_t {
  none,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  b8,
  b16,
  b32,
  b64,
  b128,
  f16,
  f16x2,
  bf16,
  bf16x2,
  tf32,
  f32,
  f64,
  pred,
  e4m3,
  e5m2,
  e4m3x2,
  e5m2x2,
  u16x2,
  s16x2,
  f32x2,
};
enum class Space : uint8_t { generic, reg, param, local, shared, shared_cluster, constant, global };

int bytes_of(Type);  ///< storage of one element; pred and none: 0
/// "f32" -> Type::f32; none if the word is no type.
Type type_of(std::string_view word);
std::string_view to_string(Type);
std::string_view to_string(Space);

struct SourceLocation {
  uint32_t file = 0, line = 0;
};  ///< of the last .loc; file indexes Module::files, 0 = none

struct Operand {
  enum class Kind : uint8_t {
    none,     // the sink `_`
    reg,      // text = register, possibly with .x/.y/.z/.w already split into `component`
    integer,  // bits = value
    real,     // bits = IEEE pattern; type f32 (0f...) or f64 (0d..., decimal)
    address,  // [text + offset]: text is a register or a symbol; text empty: absolute
    symbol,   // variable, function or label used as a value, plus offset
    vector,   // {..}: elements
    list,     // (..): elements, call arguments
    special,  // %tid.x, %laneid, WARP_SZ ...
  };
  Kind kind = Kind::none;
  Type type = Type::none;
  bool negated = false;  // !%p
  std::string text;
  int8_t component = -1;  // .x .y .z .w
  int64_t offset = 0;
  uint64_t bits = 0;
  std::vector<Operand>
      elements;  // of vector and list; of address: further coordinates of tensor addresses
  std::unique_ptr<Operand> second;  // `d|p`: the part after the bar

  Operand() = default;
  Operand(const Operand& other);
  Operand& operator=(const Operand& other);
  Operand(Operand&&) = default;
  Operand& operator=(Operand&&) = default;
  ~Operand() = default;
};

struct Guard {
  std::string reg;
  bool negated = false;
};  ///< empty reg: none

struct Instruction {
  std::string mnemonic;  // "add"
  std::vector<std::string>
      modifiers;  // in order, without dots: {"rn", "ftz", "f32"}; "::" kept: "shared::cluster"
  Guard guard;
  std::vector<Operand> operands;
  uint32_t ptx_line = 0;
  SourceLocation source;

  bool has(std::string_view modifier) const;
  /// The n-th modifier that names a type (none if there are fewer): cvt.rn.f16.f32 -> f16, f32.
  Type type(int n = 0) const;
  Type last_type() const;
  /// The state space among the modifiers; generic if none.
  Space space() const;
  /// "add.rn.f32": for messages and the opcode census.
  std::string full_name() const;
};

struct Variable {
  std::string name;
  Space space = Space::global;
  Type type = Type::b8;
  int vector = 1;  // .v2, .v4
  uint64_t alignment = 0;
  std::vector<uint64_t> dims;    // array extents; a leading 0 is []
  std::vector<uint8_t> initial;  // bytes, empty = zero
  /// bytes of (address >> shift) at offset; shift is not 0 only for masked initialisers such as
  /// 0xff00(symbol).
  struct Relocation {
    uint64_t offset;
    std::string symbol;
    int64_t addend;
    bool generic;
    uint8_t bytes;
    uint8_t shift = 0;
  };
  std::vector<Relocation> relocations;  // initialisers that are addresses
  bool is_extern = false, is_visible = false, is_weak = false;
  uint64_t size() const;  // bytes; 0 for extern []
};

/// One statement of a body: a label or an instruction; nested scopes are flattened with renamed
/// locals.
struct Statement {
  std::string label;
  Instruction instruction;
};  // label non-empty: only a label

/// A .callprototype: the shape of an indirect call.
struct Prototype {
  std::string label;
  std::vector<Variable> returns, params;
};

struct Function {
  std::string name;
  bool is_entry = false, is_extern = false, is_visible = false, is_weak = false, has_body = false;
  std::vector<Variable> returns, params;  // space param (entry, ABI functions) or reg
  std::vector<Variable> locals;           // .local .shared .param .const declared in the body
  std::vector<Variable> registers;        // one per register name (ranges %r<10> expanded)
  std::vector<Statement> body;
  std::vector<std::pair<std::string, std::vector<std::string>>>
      branch_targets;  // .branchtargets / .calltargets label -> names
  std::vector<Prototype> prototypes;
  uint32_t max_threads[3] = {0, 0, 0}, required_threads[3] = {0, 0, 0},
           required_cluster[3] = {0, 0, 0};
  uint32_t min_ctas_per_sm = 0;
  SourceLocation source;
};

struct Module {
  std::string name;  // what messages call it
  int version_major = 0, version_minor = 0;
  int target = 0;                  // 80 for sm_80
  std::string target_text;         // "sm_90a"
  std::vector<std::string> files;  // index 0 unused
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

/// Throws ptxvm::PtxError: "<name>:<line>: <what>, got '<token>'".
std::unique_ptr<Module> parse(std::string_view text, std::string name);

}  // namespace ptxvm::ptx
