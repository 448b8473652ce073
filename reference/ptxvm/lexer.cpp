#include "reference/ptxvm/lexer.h"

#include <array>
#include <bit>
#include <cctype>
#include <charconv>

#include "reference/ptxvm/vm.h"

namespace ptxvm::ptx {
namespace {

constexpr std::array<bool, 256> follows() {  // characters of a word after its first
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  table['_'] = table['$'] = true;
  return table;
}
constexpr auto kFollows = follows();
bool in_word(char c) { return kFollows[static_cast<unsigned char>(c)]; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (in_word(c) && !is_digit(c)) || c == '%'; }

}  // namespace

void Lexer::fail(const std::string& what, size_t begin, size_t end) const {
  const size_t length = std::min<size_t>(std::min(end, text_.size()) - begin, 40);
  throw PtxError(name_ + ":" + std::to_string(line_) + ": " + what + ", got '" +
                 std::string(text_.substr(begin, length)) + "'");
}

void Lexer::skip_blanks() {
  while (pos_ < text_.size()) {
    const char c = text_[pos_];
    if (c == '\n') {
      ++line_, ++pos_;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
      ++pos_;
    } else if (c == '/' && at(pos_ + 1) == '/') {
      pos_ = std::min(text_.find('\n', pos_), text_.size());
    } else if (c == '/' && at(pos_ + 1) == '*') {
      const size_t end = text_.find("*/", pos_ + 2);
      if (end == std::string_view::npos) fail("comment without an end", pos_, pos_ + 20);
      for (; pos_ < end; ++pos_) line_ += text_[pos_] == '\n';
      pos_ = end + 2;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  const size_t before = pos_;
  skip_blanks();
  Token token;
  token.glued = pos_ == before;
  token.line = line_;
  if (pos_ >= text_.size()) return token;
  const size_t begin = pos_;
  const char c = text_[pos_];
  if (is_digit(c)) {
    Token literal = number();
    literal.glued = token.glued;
    return literal;
  }
  if (starts_word(c)) {
    token.kind = Token::Kind::word;
    for (++pos_; in_word(at(pos_));) ++pos_;
    token.text = text_.substr(begin, pos_ - begin);
    if (token.text == "%") {  // the remainder operator of constant expressions
      token.kind = Token::Kind::punctuation;
    }
    return token;
  }
  if (c == '.' && in_word(at(pos_ + 1))) {
    token.kind = Token::Kind::dotted;
    for (++pos_;
         in_word(at(pos_)) || (at(pos_) == ':' && at(pos_ + 1) == ':' && in_word(at(pos_ + 2)));) {
      pos_ += at(pos_) == ':' ? 2 : 1;
    }
    token.text = text_.substr(begin + 1, pos_ - begin - 1);
    return token;
  }
  if (c == '"') {
    token.kind = Token::Kind::string;
    for (++pos_; at(pos_) != '"'; ++pos_) {
      if (pos_ >= text_.size() || text_[pos_] == '\n') fail("string without an end", begin, pos_);
      if (text_[pos_] == '\\' && pos_ + 1 < text_.size() && text_[pos_ + 1] != '\n') ++pos_;
    }
    token.text = text_.substr(begin + 1, pos_ - begin - 1);
    ++pos_;
    return token;
  }
  constexpr std::string_view kSingle = "{}()[]<>,;:=+-*/%&|^~!?@.";
  if (kSingle.find(c) == std::string_view::npos)
    fail("a character that PTX does not have", begin, begin + 1);
  token.kind = Token::Kind::punctuation;
  const char d = at(pos_ + 1);
  const bool pair = (d == c && (c == '<' || c == '>' || c == '=' || c == '&' || c == '|')) ||
                    (d == '=' && (c == '<' || c == '>' || c == '!'));
  pos_ += pair ? 2 : 1;
  token.text = text_.substr(begin, pos_ - begin);
  return token;
}

Token Lexer::hex_real(int digits) {
  Token token;
  token.kind = Token::Kind::real;
  token.line = line_;
  token.narrow = digits == 8;
  const size_t begin = pos_;
  pos_ += 2;
  const size_t first = pos_;
  while (in_word(at(pos_))) ++pos_;
  token.text = text_.substr(begin, pos_ - begin);
  const auto [end, error] =
      std::from_chars(text_.data() + first, text_.data() + pos_, token.bits, 16);
  if (pos_ - first != size_t(digits) || error != std::errc() || end != text_.data() + pos_) {
    fail("expected " + std::to_string(digits) + " hexadecimal digits", begin, pos_);
  }
  return token;
}

Token Lexer::decimal_real() {
  Token token;
  token.kind = Token::Kind::real;
  token.line = line_;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text_.data() + pos_, text_.data() + text_.size(), value);
  const size_t begin = pos_;
  pos_ = size_t(end - text_.data());
  if (error != std::errc()) fail("a number that a double cannot hold", begin, pos_);
  token.text = text_.substr(begin, pos_ - begin);
  token.bits = std::bit_cast<uint64_t>(value);
  return token;
}

Token Lexer::number() {
  const size_t begin = pos_;
  const char kind = static_cast<char>(std::tolower(static_cast<unsigned char>(at(pos_ + 1))));
  if (text_[pos_] == '0' && kind == 'f') return hex_real(8);
  if (text_[pos_] == '0' && kind == 'd') return hex_real(16);
  int base = 10;
  size_t first = pos_;
  if (text_[pos_] == '0' && kind == 'x')
    base = 16, first += 2;
  else if (text_[pos_] == '0' && kind == 'b')
    base = 2, first += 2;
  size_t end = first;
  while (in_word(at(end))) ++end;
  if (base == 10) {
    size_t digits = first;
    while (is_digit(at(digits))) ++digits;
    const bool exponent =
        (at(digits) == 'e' || at(digits) == 'E') &&
        (is_digit(at(digits + 1)) ||
         ((at(digits + 1) == '+' || at(digits + 1) == '-') && is_digit(at(digits + 2))));
    if ((at(digits) == '.' && !std::isalpha(static_cast<unsigned char>(at(digits + 1)))) ||
        exponent)
      return decimal_real();
    if (text_[first] == '0' && digits - first > 1) base = 8;
  }
  Token token;
  token.kind = Token::Kind::integer;
  token.line = line_;
  token.text = text_.substr(begin, end - begin);
  size_t last = end;
  if (last > first + 1 && text_[last - 1] == 'U') --last;  // 42U: same value
  const auto [stop, error] =
      std::from_chars(text_.data() + first, text_.data() + last, token.bits, base);
  if (error != std::errc() || stop != text_.data() + last)
    fail("an integer that 64 bits cannot hold or with a stray digit", begin, end);
  pos_ = end;
  return token;
}

}  // namespace ptxvm::ptx
