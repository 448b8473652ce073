// Token handling shared by all productions.
#include "reference/ptxvm/parser.h"

#include <algorithm>

#include "reference/ptxvm/vm.h"

namespace ptxvm::ptx {

std::unique_ptr<Module> parse(std::string_view text, std::string name) {
  return Parser(text, std::move(name)).module();
}

Parser::Parser(std::string_view text, std::string name)
    : lexer_(text, name),
      module_(std::make_unique<Module>()),
      max_registers_(std::max<uint64_t>(1 << 16, text.size())) {
  module_->name = std::move(name);
  module_->files.emplace_back();
  advance();
}

void Parser::fail(const std::string& what) const {
  const bool end = token_.kind == Token::Kind::end;
  throw PtxError(
      lexer_.name() + ":" + std::to_string(token_.line) + ": " + what + ", got " +
      (end ? "the end of the text" : "'" + std::string(token_.text.substr(0, 80)) + "'"));
}

bool Parser::accept(char c) {
  if (!token_.is(c)) return false;
  advance();
  return true;
}

bool Parser::accept_dotted(std::string_view word) {
  if (!token_.is_dotted(word)) return false;
  advance();
  return true;
}

void Parser::expect(char c) {
  if (!accept(c)) fail(std::string("expected '") + c + "'");
}

std::string Parser::expect_word(const char* what) {
  if (token_.kind != Token::Kind::word) fail(std::string("expected ") + what);
  std::string word(token_.text);
  advance();
  return word;
}

uint64_t Parser::expect_integer(const char* what, uint64_t limit) {
  if (token_.kind != Token::Kind::integer || token_.bits > limit) {
    fail(std::string("expected ") + what + " of at most " + std::to_string(limit));
  }
  const uint64_t value = token_.bits;
  advance();
  return value;
}

void Parser::skip_balanced(char open, char close) {
  expect(open);
  for (int level = 1; level > 0; advance()) {
    if (token_.kind == Token::Kind::end) fail(std::string("expected '") + close + "'");
    if (token_.is(open)) ++level;
    if (token_.is(close)) --level;
  }
}

void Parser::skip_statement() {
  while (!token_.is(';')) {
    if (token_.kind == Token::Kind::end) fail("expected ';'");
    advance();
  }
  advance();
}

}  // namespace ptxvm::ptx
