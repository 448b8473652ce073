// Constant expressions (PTX ISA 4.5.4 to 4.5.6): 64-bit integers, C's operators and precedence.
#include "reference/ptxvm/parser.h"

namespace ptxvm::ptx {
namespace {

struct Binary {
  std::string_view text;
  int precedence;
  int64_t (*apply)(int64_t, int64_t);
};
using U = uint64_t;
constexpr Binary kBinary[] = {
    {"||", 1, [](int64_t a, int64_t b) -> int64_t { return a || b; }},
    {"&&", 2, [](int64_t a, int64_t b) -> int64_t { return a && b; }},
    {"|", 3, [](int64_t a, int64_t b) { return a | b; }},
    {"^", 4, [](int64_t a, int64_t b) { return a ^ b; }},
    {"&", 5, [](int64_t a, int64_t b) { return a & b; }},
    {"==", 6, [](int64_t a, int64_t b) -> int64_t { return a == b; }},
    {"!=", 6, [](int64_t a, int64_t b) -> int64_t { return a != b; }},
    {"<", 7, [](int64_t a, int64_t b) -> int64_t { return a < b; }},
    {"<=", 7, [](int64_t a, int64_t b) -> int64_t { return a <= b; }},
    {">", 7, [](int64_t a, int64_t b) -> int64_t { return a > b; }},
    {">=", 7, [](int64_t a, int64_t b) -> int64_t { return a >= b; }},
    {"<<", 8, [](int64_t a, int64_t b) { return b < 0 || b > 63 ? 0 : int64_t(U(a) << b); }},
    {">>", 8, [](int64_t a, int64_t b) { return a >> (b < 0 || b > 63 ? 63 : b); }},
    {"+", 9, [](int64_t a, int64_t b) { return int64_t(U(a) + U(b)); }},
    {"-", 9, [](int64_t a, int64_t b) { return int64_t(U(a) - U(b)); }},
    {"*", 10, [](int64_t a, int64_t b) { return int64_t(U(a) * U(b)); }},
    {"/", 10, [](int64_t a, int64_t b) { return b == 0    ? 0
                                                : b == -1 ? int64_t(-U(a))
                                                          : a / b; }},
    {"%", 10, [](int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }},
};

const Binary* binary(const Token& token) {
  if (token.kind != Token::Kind::punctuation) return nullptr;
  for (const Binary& op : kBinary) {
    if (op.text == token.text) return &op;
  }
  return nullptr;
}

}  // namespace

int64_t Parser::unary() {
  const Depth depth(*this);
  if (accept('-')) return int64_t(-U(unary()));
  if (accept('+')) return unary();
  if (accept('~')) return ~unary();
  if (accept('!')) return !unary();
  if (accept('(')) {
    if (token_.is_dotted("s64") || token_.is_dotted("u64")) {  // a cast; both are 64 bits here
      advance();
      expect(')');
      return unary();
    }
    const int64_t value = expression();
    expect(')');
    return value;
  }
  if (token_.is_word("WARP_SZ")) {
    advance();
    return 32;
  }
  return int64_t(expect_integer("an integer", UINT64_MAX));
}

int64_t Parser::expression(int lowest) {
  const Depth depth(*this);
  int64_t left = unary();
  for (const Binary* op = binary(token_); op && op->precedence > lowest; op = binary(token_)) {
    advance();
    left = op->apply(left, expression(op->precedence));
  }
  if (lowest == 0 && accept('?')) {
    const int64_t yes = expression();
    expect(':');
    const int64_t no = expression();
    return left ? yes : no;
  }
  return left;
}

}  // namespace ptxvm::ptx
