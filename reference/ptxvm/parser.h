// The parser's class; private to parser_*.cpp. One method per production of the grammar (PTX
// ISA 9.0, chapters 4, 5, 10).
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "reference/ptxvm/lexer.h"
#include "reference/ptxvm/ptx.h"

namespace ptxvm::ptx {

class Parser {
 public:
  Parser(std::string_view text, std::string name);
  std::unique_ptr<Module> module();  // parser_module.cpp

 private:
  struct Linkage {
    bool is_extern = false, is_visible = false, is_weak = false;
  };
  /// Names that a nested {} declares: they are renamed, so that bodies become flat.
  struct Scope {
    size_t parent;
    std::unordered_map<std::string, std::string> names;
  };

  // parser.cpp: tokens
  void advance() { token_ = lexer_.next(); }
  bool accept(char c);
  bool accept_dotted(std::string_view word);
  void expect(char c);
  std::string expect_word(const char* what);
  uint64_t expect_integer(const char* what, uint64_t limit);
  [[noreturn]] void fail(const std::string& what) const;
  void skip_balanced(char open, char close);
  void skip_statement();  // to the ';' or the end of the line's directive
  /// Depth of nested braces and parentheses, limited so that hostile text cannot exhaust the stack.
  struct Depth {
    explicit Depth(Parser& p) : parser(p) {
      if (++p.depth_ > 200) p.fail("nested too deeply");
    }
    ~Depth() { --parser.depth_; }
    Parser& parser;
  };

  // parser_module.cpp
  void top_level();
  void target();
  void file_directive();
  void alias();
  void function(Linkage, bool is_entry);
  void performance(Function&);
  bool accept_linkage(Linkage&);
  void extents(uint32_t (&out)[3]);
  void resolve_aliases();

  // parser_variable.cpp
  static bool is_space(std::string_view word);
  void variables(Space, const Linkage&, std::vector<Variable>& out, bool in_body);
  void attributes(Variable&);
  void declarator(Variable&, bool sized_by_initialiser);
  void register_range(const Variable& base, std::vector<Variable>& out);
  std::vector<Variable> parameters();
  void declare(Variable&, bool in_body);

  // parser_initialiser.cpp
  void initialiser(Variable&);
  uint64_t initialiser_level(Variable&, size_t dim, uint64_t first, uint64_t stride);
  void initialiser_value(Variable&, uint64_t offset);
  void initialiser_symbol(Variable&, uint64_t offset, uint64_t mask, bool masked);
  void put(Variable&, uint64_t offset, uint64_t bits, int bytes);

  // parser_expression.cpp: constant expressions
  int64_t expression(int lowest = 0);
  int64_t unary();
  int64_t expression_after_sign();
  int64_t signed_expression(bool negative);

  // parser_body.cpp
  void body(Function&);
  void statement();
  void body_directive();
  void location();
  void label(std::string name);
  void label_list(const std::string& label);
  void prototype(const std::string& label);
  void rename_locals();
  void rename(Operand&, size_t scope) const;
  std::string renamed(const std::string& name, size_t scope) const;
  void classify(Operand&) const;

  // parser_instruction.cpp
  void instruction(std::string mnemonic, Guard guard, uint32_t line);
  Operand operand();
  Operand single_operand();
  Operand named_operand();
  Operand literal_operand();
  Operand group(char open, char close, Operand::Kind kind);
  Operand address();
  void normalise_param_space(Instruction&) const;

  Lexer lexer_;
  Token token_;
  int depth_ = 0;
  std::unique_ptr<Module> module_;
  std::vector<std::pair<std::string, std::string>> aliases_;
  // of the function being parsed
  Function* function_ = nullptr;
  SourceLocation location_;
  std::vector<Scope> scopes_;
  size_t scope_ = 0;
  std::vector<size_t> statement_scopes_;
  std::vector<size_t> table_scopes_;                 // of function_->branch_targets
  std::unordered_set<std::string> plain_registers_;  // registers whose name has no %
  // Of the module. A short text must not ask for much memory: each register in use is named
  // somewhere.
  uint64_t register_count_ = 0, max_registers_;
};

/// Is this word (with its %) a special register of PTX?
bool is_special_register(std::string_view word);

}  // namespace ptxvm::ptx
