// Bodies: scopes, labels, directives between instructions, and the renaming that makes nested
// scopes flat.
#include "reference/ptxvm/parser.h"

namespace ptxvm::ptx {

void Parser::body(Function& f) {
  function_ = &f;
  scopes_.assign(1, Scope{0, {}});
  scope_ = 0;
  statement_scopes_.clear();
  table_scopes_.clear();
  plain_registers_.clear();
  for (const auto* list : {&f.params, &f.returns}) {
    for (const Variable& v : *list) {
      if (v.space == Space::reg && v.name[0] != '%') plain_registers_.insert(v.name);
    }
  }
  expect('{');
  std::vector<size_t> outer;  // enclosing scopes: a loop, not recursion
  for (;;) {
    if (token_.kind == Token::Kind::end) fail("expected '}'");
    if (accept('{')) {
      outer.push_back(scope_);
      scopes_.push_back(Scope{scope_, {}});
      scope_ = scopes_.size() - 1;
    } else if (accept('}')) {
      if (outer.empty()) break;
      scope_ = outer.back();
      outer.pop_back();
    } else {
      statement();
    }
  }
  rename_locals();
  f.has_body = true;
  function_ = nullptr;
}

void Parser::statement() {
  if (accept(';')) return;
  if (token_.kind == Token::Kind::dotted) return body_directive();
  const uint32_t line = token_.line;
  Guard guard;
  if (accept('@')) {
    guard.negated = accept('!');
    guard.reg = expect_word("a predicate register");
  }
  std::string word = expect_word("an instruction, label or directive");
  if (guard.reg.empty() && accept(':')) return label(std::move(word));
  instruction(std::move(word), std::move(guard), line);
}

void Parser::label(std::string name) {
  if (token_.is_dotted("branchtargets") || token_.is_dotted("calltargets")) return label_list(name);
  if (token_.is_dotted("callprototype")) return prototype(name);
  if (scope_ != 0) {
    std::string unique = name + "@" + std::to_string(scope_);
    scopes_[scope_].names[name] = unique;
    name = std::move(unique);
  }
  Statement s;
  s.label = std::move(name);
  s.instruction.ptx_line = token_.line;
  function_->body.push_back(std::move(s));
  statement_scopes_.push_back(scope_);
}

void Parser::label_list(const std::string& label) {
  advance();
  std::vector<std::string> names;
  do {
    names.push_back(expect_word("a label"));
  } while (accept(','));
  expect(';');
  std::string unique = label;
  if (scope_ != 0) scopes_[scope_].names[label] = unique = label + "@" + std::to_string(scope_);
  function_->branch_targets.emplace_back(std::move(unique), std::move(names));
  table_scopes_.push_back(scope_);
}

void Parser::prototype(const std::string& label) {
  advance();
  Prototype p;
  p.label = label;
  if (scope_ != 0) scopes_[scope_].names[label] = p.label = label + "@" + std::to_string(scope_);
  if (token_.is('(')) p.returns = parameters();
  expect_word("'_' or a name");
  if (token_.is('(')) p.params = parameters();
  Function ignored;
  performance(ignored);  // .noreturn
  expect(';');
  function_->prototypes.push_back(std::move(p));
}

void Parser::body_directive() {
  const std::string_view word = token_.text;
  if (word == "loc") return location();
  if (word == "pragma") return skip_statement();
  if (word == "file") return file_directive();
  Linkage linkage;
  while (accept_linkage(linkage)) {
  }
  if (token_.kind != Token::Kind::dotted || !is_space(token_.text))
    fail("a directive that bodies do not have");
  const std::string_view space = token_.text;
  advance();
  if (space == "reg")
    variables(Space::reg, linkage, function_->registers, true);
  else if (space == "local")
    variables(Space::local, linkage, function_->locals, true);
  else if (space == "param")
    variables(Space::param, linkage, function_->locals, true);
  else if (space == "const")
    variables(Space::constant, linkage, function_->locals, true);
  else if (space == "global")
    variables(Space::global, linkage, function_->locals, true);
  else
    variables(Space::shared, linkage, function_->locals, true);
}

void Parser::location() {
  advance();
  location_.file = static_cast<uint32_t>(expect_integer("a file number", 1 << 20));
  location_.line = static_cast<uint32_t>(expect_integer("a line number", UINT32_MAX));
  expect_integer("a column", UINT32_MAX);
  while (accept(',')) {  // function_name label+n; inlined_at file line column
    const std::string what = expect_word("function_name or inlined_at");
    if (what == "function_name") {
      expect_word("a label");
      if (accept('+')) expect_integer("an offset", UINT64_MAX);
    } else if (what == "inlined_at") {
      for (const char* part : {"a file number", "a line number", "a column"})
        expect_integer(part, UINT32_MAX);
    } else {
      fail("expected function_name or inlined_at before this");
    }
  }
}

std::string Parser::renamed(const std::string& name, size_t scope) const {
  for (; scope != 0; scope = scopes_[scope].parent) {
    if (const auto found = scopes_[scope].names.find(name); found != scopes_[scope].names.end())
      return found->second;
  }
  return name;
}

/// A word without % may be a register; only the declarations tell.
void Parser::classify(Operand& o) const {
  if (o.kind == Operand::Kind::symbol && plain_registers_.contains(o.text))
    o.kind = Operand::Kind::reg;
  for (Operand& e : o.elements) classify(e);
  if (o.second) classify(*o.second);
}

void Parser::rename(Operand& o, size_t scope) const {
  if (!o.text.empty() && o.kind != Operand::Kind::special) o.text = renamed(o.text, scope);
  for (Operand& e : o.elements) rename(e, scope);
  if (o.second) rename(*o.second, scope);
}

void Parser::rename_locals() {
  for (size_t i = 0; i < function_->body.size(); ++i) {
    Instruction& in = function_->body[i].instruction;
    if (const size_t scope = statement_scopes_[i]; scope != 0) {
      if (!in.guard.reg.empty()) in.guard.reg = renamed(in.guard.reg, scope);
      for (Operand& o : in.operands) rename(o, scope);
    }
    if (!plain_registers_.empty()) {
      for (Operand& o : in.operands) classify(o);
    }
    normalise_param_space(in);
  }
  for (size_t i = 0; i < table_scopes_.size(); ++i) {
    for (std::string& name : function_->branch_targets[i].second)
      name = renamed(name, table_scopes_[i]);
  }
}

}  // namespace ptxvm::ptx
