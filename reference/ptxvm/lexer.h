// PTX text -> tokens. Views into the text; no copies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ptxvm::ptx {

struct Token {
  enum class Kind : uint8_t { end, word, dotted, integer, real, string, punctuation };
  Kind kind = Kind::end;
  std::string_view text;  // word: with its % or $; dotted: without the dot; string: without quotes
  uint32_t line = 1;
  bool glued = false;   // no blank before it: tells %tid.x from a modifier
  bool narrow = false;  // real: 0f..., else double
  uint64_t bits = 0;    // integer: value; real: IEEE pattern

  bool is(char c) const { return kind == Kind::punctuation && text.size() == 1 && text[0] == c; }
  bool is_word(std::string_view w) const { return kind == Kind::word && text == w; }
  bool is_dotted(std::string_view w) const { return kind == Kind::dotted && text == w; }
};

/// Punctuation is one character per token, except << >> <= >= == != && ||.
class Lexer {
 public:
  Lexer(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}
  /// Throws PtxError for a character or literal that PTX does not have.
  Token next();
  const std::string& name() const { return name_; }

 private:
  void skip_blanks();
  Token number();
  Token hex_real(int digits);
  Token decimal_real();
  [[noreturn]] void fail(const std::string& what, size_t begin, size_t end) const;
  char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  std::string_view text_;
  std::string name_;
  size_t pos_ = 0;
  uint32_t line_ = 1;
};

}  // namespace ptxvm::ptx
