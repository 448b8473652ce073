// Initialisers: numbers, addresses and nested braces -> bytes and relocations.
#include <algorithm>
#include <bit>
#include <cstring>

#include "reference/ptxvm/parser.h"

namespace ptxvm::ptx {
namespace {
constexpr uint64_t kMaxInitialBytes = uint64_t{1} << 28;
}

void Parser::put(Variable& v, uint64_t offset, uint64_t bits, int bytes) {
  const uint64_t end = offset + static_cast<uint64_t>(bytes);
  if (end > kMaxInitialBytes) fail("the initialiser of " + v.name + " is too large");
  const bool open = !v.dims.empty() && v.dims[0] == 0;
  if (!open && end > v.size())
    fail("the initialiser of " + v.name + " is larger than the variable");
  if (v.initial.size() < end) v.initial.resize(end);
  for (int i = 0; i < std::min(bytes, 8); ++i)  // a wider element has zeros above
    v.initial[offset + uint64_t(i)] = static_cast<uint8_t>(bits >> (8 * i));
}

/// symbol, symbol+n, generic(symbol)+n, or the same within a mask: 0xff00(symbol) takes that byte
/// of the address.
void Parser::initialiser_symbol(Variable& v, uint64_t offset, uint64_t mask, bool masked) {
  Variable::Relocation r{offset, {}, 0, false, static_cast<uint8_t>(bytes_of(v.type)), 0};
  if (masked) {
    r.shift = static_cast<uint8_t>(mask ? std::countr_zero(mask) : 0);
    r.bytes = static_cast<uint8_t>(std::min(bytes_of(v.type), (std::popcount(mask) + 7) / 8));
  }
  r.symbol = expect_word("a symbol");
  if (r.symbol == "generic" && accept('(')) {
    r.generic = true;
    r.symbol = expect_word("a symbol");
    if (token_.is('+') || token_.is('-')) r.addend = expression();
    expect(')');
  }
  if (token_.is('+') || token_.is('-'))
    r.addend = int64_t(uint64_t(r.addend) + uint64_t(expression()));
  put(v, offset, 0, bytes_of(v.type));
  v.relocations.push_back(std::move(r));
}

void Parser::initialiser_value(Variable& v, uint64_t offset) {
  const int bytes = bytes_of(v.type);
  const bool real_type = v.type == Type::f32 || v.type == Type::f64;
  bool negative = false;
  if (token_.kind == Token::Kind::word && !token_.is_word("WARP_SZ"))
    return initialiser_symbol(v, offset, 0, false);
  if (real_type && token_.is('-')) {
    negative = true;
    advance();
  }
  if (token_.kind == Token::Kind::real || real_type) {
    double value = 0;
    if (token_.kind == Token::Kind::real) {
      if (v.type == Type::f32 && token_.narrow) {  // the pattern itself: NaN payloads survive
        put(v, offset, token_.bits ^ (negative ? 0x80000000u : 0), bytes);
        return advance();
      }
      value = token_.narrow ? double(std::bit_cast<float>(static_cast<uint32_t>(token_.bits)))
                            : std::bit_cast<double>(token_.bits);
      advance();
    } else {
      value = double(expression());
    }
    if (negative) value = -value;
    if (!real_type) fail("a real initialiser of a variable that is not .f32 or .f64");
    return put(v, offset,
               v.type == Type::f32 ? std::bit_cast<uint32_t>(float(value))
                                   : std::bit_cast<uint64_t>(value),
               bytes);
  }
  const uint64_t value = uint64_t(expression());
  if (accept('(')) {
    initialiser_symbol(v, offset, value, true);
    return expect(')');
  }
  put(v, offset, value, bytes);
}

/// One pair of braces: dimension `dim` of the array, elements `stride` bytes apart. Returns how
/// many it held.
uint64_t Parser::initialiser_level(Variable& v, size_t dim, uint64_t first, uint64_t stride) {
  const Depth depth(*this);
  const size_t levels = v.dims.size() + (v.vector > 1 ? 1 : 0);
  if (dim >= levels) fail("more braces than " + v.name + " has dimensions");
  const auto extent = [&](size_t d) { return d < v.dims.size() ? v.dims[d] : uint64_t(v.vector); };
  const uint64_t inner =
      dim + 1 < levels ? stride / std::max<uint64_t>(1, extent(dim + 1)) : stride;
  uint64_t count = 0;
  expect('{');
  while (!token_.is('}')) {
    if (count > 0) expect(',');
    if (token_.is('}')) break;
    if (token_.is('{')) {
      initialiser_level(v, dim + 1, first + count * stride, inner);
      ++count;
    } else if (dim + 1 < levels) {  // flat values where braces were left out
      const uint64_t unit = uint64_t(bytes_of(v.type));
      uint64_t offset = first + count * stride;
      const uint64_t begin = offset;
      for (bool more = true; more; more = accept(',')) initialiser_value(v, offset), offset += unit;
      count += (offset - begin + stride - 1) / std::max<uint64_t>(1, stride);
    } else {
      initialiser_value(v, first + count * stride);
      ++count;
    }
  }
  expect('}');
  return count;
}

void Parser::initialiser(Variable& v) {
  if (v.space == Space::reg || v.space == Space::param)
    fail("a variable of this space has no initialiser");
  if (!token_.is('{')) return initialiser_value(v, 0);
  uint64_t stride = uint64_t(bytes_of(v.type)) * uint64_t(v.dims.empty() ? 1 : v.vector);
  for (size_t d = 1; d < v.dims.size(); ++d) stride *= v.dims[d];
  const uint64_t count = initialiser_level(v, 0, 0, stride);
  if (!v.dims.empty() && v.dims[0] == 0) {
    if (count > 0 && stride > kMaxInitialBytes / count)
      fail("the initialiser of " + v.name + " is too large");
    v.dims[0] = count;
  }
}

}  // namespace ptxvm::ptx
