// cvt: the general form, by number.h, for every pair of formats and every modifier. Pairs that
// programs are made of have vector forms in convert_fast.cpp. PTX ISA 9.0, sections 9.7.9.21 (cvt)
// and 9.7.9.22 (cvt.pack).
#include "reference/ptxvm/ops/convert.h"

#include <algorithm>
#include <string_view>

#include "reference/ptxvm/ops/number.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

enum Flag : uint8_t { kFtz = 1, kSat = 2, kRelu = 4, kFinite = 8, kIntegral = 16 };

/// Op::imm: indices into kFormats, and the modifiers.
struct Imm {
  uint8_t from, to;
  Round round;
  uint8_t flags;
  uint8_t unused[4];
};
static_assert(sizeof(Imm) == 8);

bool is_integer(const Format& f) { return f.precision == 0; }

Number flushed(Number x, const Format& f) {
  // A subnormal has no hidden bit.
  if (f.type == Type::f32 && x.kind == Number::Kind::finite && bit_length(x.mantissa) < f.precision)
    x.mantissa = 0;
  return x;
}

uint64_t to_integer(Number x, const Format& from, const Format& to, Imm imm) {
  if (is_integer(from)) {
    if (imm.flags & kSat) return write_integer(x, to);
    return (x.negative ? 0 - x.mantissa : x.mantissa) & ones(to.bits);
  }
  if (x.kind == Number::Kind::nan)
    return from.bits == 64 || to.bits == 64 ? uint64_t{1} << (to.bits - 1) : 0;
  return write_integer(to_integral(x, imm.round), to);
}

uint64_t to_float(Number x, const Format& from, const Format& to, Imm imm) {
  if (imm.flags & kIntegral) x = to_integral(x, imm.round);
  if (x.kind == Number::Kind::nan) {
    if (imm.flags & kSat) return 0;
    // Double precision keeps payloads, quieted.
    if (to.type == Type::f64 && from.bits >= 32)
      return uint64_t{x.negative} << 63 | 0x7ff8000000000000 |
             (from.bits == 64 ? x.mantissa & ones(52) : (x.mantissa & ones(23)) << 29);
    return to.nan;
  }
  if (imm.flags & kRelu && x.negative) x = {};
  if (imm.flags & kSat) {
    const bool above =
        x.kind == Number::Kind::infinite || (x.mantissa && x.exponent + bit_length(x.mantissa) > 0);
    if (x.negative)
      x = {};
    else if (above)
      x = {Number::Kind::finite, false, 1, 0};
  }
  const uint64_t bits = write_float(x, to, imm.round, imm.flags & kFinite);
  const bool subnormal = (bits & ones(to.bits - 1)) < uint64_t{1} << (to.precision - 1);
  return imm.flags & kFtz && to.type == Type::f32 && subnormal ? bits & 0x80000000 : bits;
}

uint64_t convert_one(uint64_t bits, Imm imm) {
  const Format &from = kFormats[imm.from], &to = kFormats[imm.to];
  Number x = read_number(bits, from);
  if (imm.flags & kFtz) x = flushed(x, from);
  return is_integer(to) ? to_integer(x, from, to, imm) : to_float(x, from, to, imm);
}

const Op* cvt(Warp& w, const Op* op) {
  const Imm imm = std::bit_cast<Imm>(op->imm);
  const Format& to = kFormats[imm.to];
  const bool wide_source = kFormats[imm.from].bits == 64, wide = to.bits == 64;
  const uint64_t kept = ones(8 * op->dst_bytes);  // the register may be wider than the format
  each_lane(w.mask, [&](int l) {
    const uint64_t bits = wide_source ? lanes<uint64_t>(w, op->a)[l] : lanes<uint32_t>(w, op->a)[l];
    uint64_t result = convert_one(bits, imm);
    if (is_integer(to) && to.is_signed && to.bits < 64 && result >> (to.bits - 1) & 1)
      result |= ~ones(to.bits);
    if (wide)
      lanes<uint64_t>(w, op->dst)[l] = result;
    else
      lanes<uint32_t>(w, op->dst)[l] = uint32_t(result & kept);
  });
  return op + 1;
}

/// Two sources into one register: a in the upper half, b in the lower.
const Op* cvt_pack(Warp& w, const Op* op) {
  const Imm imm = std::bit_cast<Imm>(op->imm);
  const int bits = kFormats[imm.to].bits;
  const uint32_t *a = lanes<uint32_t>(w, op->a), *b = lanes<uint32_t>(w, op->b);
  uint32_t* d = lanes<uint32_t>(w, op->dst);
  each_lane(w.mask, [&](int l) {
    d[l] = uint32_t(convert_one(a[l], imm) << bits | convert_one(b[l], imm));
  });
  return op + 1;
}
/// A pair into a pair: halves in place.
const Op* cvt_pair(Warp& w, const Op* op) {
  const Imm imm = std::bit_cast<Imm>(op->imm);
  const int from = kFormats[imm.from].bits, to = kFormats[imm.to].bits;
  const uint32_t* a = lanes<uint32_t>(w, op->a);
  uint32_t* d = lanes<uint32_t>(w, op->dst);
  each_lane(w.mask, [&](int l) {
    d[l] = uint32_t(convert_one(a[l] >> from, imm) << to | convert_one(a[l], imm));
  });
  return op + 1;
}

/// cvt.pack, in Op::imm: what a and b are clamped to, and its width.
struct Packed {
  std::string_view type;
  int bits;
  int64_t low, high;
};
constexpr Packed kPacked[] = {
    {"u2", 2, 0, 3},   {"s2", 2, -2, 1},     {"u4", 4, 0, 15},      {"s4", 4, -8, 7},
    {"u8", 8, 0, 255}, {"s8", 8, -128, 127}, {"u16", 16, 0, 65535}, {"s16", 16, -32768, 32767}};

/// Two clamped integers into the low bits; c, if there is room for it, moves up to make way.
const Op* pack_integers(Warp& w, const Op* op) {
  const Packed& p = kPacked[op->imm];
  const int32_t *a = lanes<int32_t>(w, op->a), *b = lanes<int32_t>(w, op->b);
  const uint32_t* c = op->c == kNoOperand ? nullptr : lanes<uint32_t>(w, op->c);
  uint32_t* d = lanes<uint32_t>(w, op->dst);
  const auto clamped = [&](int64_t x) {
    return uint32_t(std::clamp(x, p.low, p.high)) & uint32_t(ones(p.bits));
  };
  each_lane(w.mask, [&](int l) {
    const uint32_t above = c ? c[l] << 2 * p.bits : 0;
    d[l] = above | clamped(a[l]) << p.bits | clamped(b[l]);
  });
  return op + 1;
}

/// cvt.pack.sat.type.s32 for 16 bits, with .b32 and c for fewer.
Selected select_pack(const Instruction& in) {
  for (const Packed& p : kPacked) {
    std::vector<std::string> words = {"pack", "sat", std::string(p.type), "s32"};
    if (p.bits < 16) words.emplace_back("b32");
    if (in.modifiers == words && in.operands.size() == words.size() - 1)
      return {pack_integers, &p - kPacked};
  }
  return {};
}

int format_of(Type t) {
  for (const Format& f : kFormats)
    if (f.type == t) return int(&f - kFormats);
  return -1;
}
/// f16x2 -> f16; none if the type is no pair.
Type half_of(Type t) {
  switch (t) {
    case Type::f16x2:
      return Type::f16;
    case Type::bf16x2:
      return Type::bf16;
    case Type::e4m3x2:
      return Type::e4m3;
    case Type::e5m2x2:
      return Type::e5m2;
    default:
      return Type::none;
  }
}

Round round_of(const Instruction& in) {
  if (in.has("rz") || in.has("rzi")) return Round::zero;
  if (in.has("rm") || in.has("rmi")) return Round::down;
  if (in.has("rp") || in.has("rpi")) return Round::up;
  return in.has("rna") ? Round::nearest_away : Round::nearest;
}
bool is_integral(const Instruction& in) {
  return in.has("rni") || in.has("rzi") || in.has("rmi") || in.has("rpi");
}

Imm imm_of(const Instruction& in, int from, int to) {
  uint8_t flags = 0;
  if (in.has("ftz")) flags |= kFtz;
  if (in.has("sat")) flags |= kSat;
  if (in.has("relu")) flags |= kRelu;
  if (in.has("satfinite")) flags |= kFinite;
  if (is_integral(in)) flags |= kIntegral;
  return {uint8_t(from), uint8_t(to), round_of(in), flags, {}};
}

}  // namespace

Selected select_cvt(const Instruction& in) {
  if (in.has("pack")) return select_pack(in);
  for (const char* word : {"rs", "u2", "s2", "u4", "s4", "b32"})
    if (in.has(word)) return {};
  if (in.operands.size() < 2) return {};
  const Type to = in.type(0), from = in.type(1);
  const Type to_half = half_of(to), from_half = half_of(from);
  if (const Selected fast = select_cvt_fast(in); fast.handler) return fast;
  const int from_format = format_of(from_half == Type::none ? from : from_half);
  const int to_format = format_of(to_half == Type::none ? to : to_half);
  if (from_format < 0 || to_format < 0) return {};
  Imm imm = imm_of(in, from_format, to_format);
  if (to_half != Type::none) {
    if (in.operands.size() == 3 && from == Type::f32)
      return {cvt_pack, std::bit_cast<int64_t>(imm)};
    if (in.operands.size() == 2 && from_half != Type::none)
      return {cvt_pair, std::bit_cast<int64_t>(imm)};
    return {};
  }
  if (from_half != Type::none) return {};
  return {cvt, std::bit_cast<int64_t>(imm)};
}

}  // namespace ptxvm::PTXVM_ISA
