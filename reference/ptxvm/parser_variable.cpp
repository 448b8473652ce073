// Declarations of variables, registers and parameters.
#include <algorithm>
#include <bit>

#include "reference/ptxvm/parser.h"

namespace ptxvm::ptx {
namespace {
constexpr uint64_t kMaxBytes = uint64_t{1} << 44;  // of one variable
}  // namespace

bool Parser::is_space(std::string_view word) {
  for (const char* space : {"reg", "global", "shared", "const", "local", "param", "shared::cta"}) {
    if (word == space) return true;
  }
  return false;
}

void Parser::attributes(Variable& v) {
  while (token_.kind == Token::Kind::dotted) {
    const std::string_view word = token_.text;
    if (word == "align") {
      advance();
      if (token_.kind == Token::Kind::integer && !std::has_single_bit(token_.bits))
        fail("an alignment must be a power of two");
      v.alignment = expect_integer("an alignment", 1 << 20);
    } else if (word == "v2" || word == "v4" || word == "v3" || word == "v8") {
      v.vector = word[1] - '0';
      advance();
    } else if (word == "attribute") {
      advance();
      skip_balanced('(', ')');
    } else if (word == "ptr") {  // .ptr .space .align n: what the parameter points at
      advance();
      while (token_.kind == Token::Kind::dotted) {
        const bool align = token_.text == "align";
        advance();
        if (align) expect_integer("an alignment", 1 << 20);
      }
    } else if (const Type type = type_of(word); type != Type::none) {
      v.type = type;
      advance();
    } else {
      fail("expected a type or attribute of a variable");
    }
  }
  if (v.type == Type::none) fail("expected a type");
}

void Parser::declarator(Variable& v, bool sized_by_initialiser) {
  while (accept('[')) {
    if (token_.is(']')) {
      if (!v.dims.empty()) fail("only the first extent may be left out");
      v.dims.push_back(0);
    } else {
      const int64_t extent = expression();
      if (extent < 0) fail("an extent must not be negative");
      v.dims.push_back(static_cast<uint64_t>(extent));
    }
    expect(']');
  }
  uint64_t bytes =
      static_cast<uint64_t>(bytes_of(v.type)) * static_cast<uint64_t>(v.vector == 3 ? 4 : v.vector);
  for (const uint64_t extent : v.dims) {
    if (__builtin_mul_overflow(bytes, extent ? extent : 1, &bytes) || bytes > kMaxBytes)
      fail("variable " + v.name + " is too large");
  }
  if (v.alignment == 0)
    v.alignment =
        static_cast<uint64_t>(std::max(1, bytes_of(v.type) * (v.vector == 3 ? 4 : v.vector)));
  if (sized_by_initialiser && accept('=')) initialiser(v);
}

void Parser::register_range(const Variable& base, std::vector<Variable>& out) {
  expect('<');
  const uint64_t count = expect_integer("a register count", max_registers_);
  expect('>');
  for (uint64_t i = 0; i < count; ++i) {
    Variable v = base;
    v.name += std::to_string(i);
    declare(v, true);
    out.push_back(std::move(v));
  }
}

void Parser::declare(Variable& v, bool in_body) {
  if (!in_body) return;
  if (v.space == Space::reg && ++register_count_ > max_registers_)
    fail("more registers than the text can use");
  if (scope_ != 0) {
    std::string unique = v.name + "@" + std::to_string(scope_);  // @ cannot be in a name
    scopes_[scope_].names[v.name] = unique;
    v.name = std::move(unique);
  }
  if (v.space == Space::reg && v.name[0] != '%') plain_registers_.insert(v.name);
}

void Parser::variables(Space space, const Linkage& linkage, std::vector<Variable>& out,
                       bool in_body) {
  Variable base;
  base.space = space;
  base.type = Type::none;
  base.is_extern = linkage.is_extern;
  base.is_visible = linkage.is_visible;
  base.is_weak = linkage.is_weak;
  attributes(base);
  do {
    Variable v = base;
    v.name = expect_word("a variable name");
    if (space == Space::reg && token_.is('<')) {
      register_range(v, out);
      continue;
    }
    declarator(v, true);
    declare(v, in_body);
    out.push_back(std::move(v));
  } while (accept(','));
  expect(';');
}

std::vector<Variable> Parser::parameters() {
  std::vector<Variable> out;
  expect('(');
  while (!token_.is(')')) {
    if (!out.empty()) expect(',');
    Variable v;
    v.type = Type::none;
    v.space = token_.is_dotted("reg") ? Space::reg : Space::param;
    if (!accept_dotted("reg") && !accept_dotted("param")) fail("expected .param or .reg");
    attributes(v);
    v.name = expect_word("a parameter name");
    declarator(v, false);
    out.push_back(std::move(v));
  }
  expect(')');
  return out;
}

}  // namespace ptxvm::ptx
