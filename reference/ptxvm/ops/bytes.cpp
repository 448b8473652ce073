// Bytes within registers: prmt, dp4a, dp2a. PTX ISA 9.0, sections 9.7.9.7, 9.7.1.23, 9.7.1.24.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

/// Default mode: four 4-bit selectors; bit 3 copies the byte's sign over the byte.
const Op* prmt(Warp& w, const Op* op) {
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, op, [](auto a, auto b, auto c) {
    using V = decltype(a);
    V r{};
    for (int i = 0; i < 4; ++i) {
      const V selector = c >> (4 * i);
      const V word = select<V>((selector & 4) != 0, b, a);
      const V byte = word >> ((selector & 3) * 8) & 255;
      const V sign = select<V>((byte & 128) != 0, splat<V>(255), V{});
      r |= select<V>((selector & 8) != 0, sign, byte) << (8 * i);
    }
    return r;
  });
}

/// The named modes as default selectors, by the two low bits of c.
struct Mode {
  const char* name;
  uint16_t selectors[4];
};
constexpr Mode kModes[] = {
    {"f4e", {0x3210, 0x4321, 0x5432, 0x6543}}, {"b4e", {0x5670, 0x6701, 0x7012, 0x0123}},
    {"rc8", {0x0000, 0x1111, 0x2222, 0x3333}}, {"ecl", {0x3210, 0x3211, 0x3222, 0x3333}},
    {"ecr", {0x0000, 0x1110, 0x2210, 0x3210}}, {"rc16", {0x1010, 0x3232, 0x1010, 0x3232}},
};
const Op* prmt_mode(Warp& w, const Op* op) {
  const Mode& mode = kModes[op->imm];
  return scalar3<uint32_t, uint32_t, uint32_t, uint32_t>(
      w, op, [&](uint32_t a, uint32_t b, uint32_t c) {
        const uint64_t both = uint64_t{b} << 32 | a;
        const uint32_t selectors = mode.selectors[c & 3];
        uint32_t r = 0;
        for (int i = 0; i < 4; ++i)
          r |= uint32_t(both >> ((selectors >> (4 * i) & 7) * 8) & 255) << (8 * i);
        return r;
      });
}

template <class E>
PTXVM_INLINE uint32_t part(uint32_t packed, int i) {
  return uint32_t(int32_t(E(packed >> (8 * int(sizeof(E)) * i))));
}
/// Sums wrap, so that the accumulator's sign does not matter.
template <class A, class B>
const Op* dp4a(Warp& w, const Op* op) {
  return scalar3<uint32_t, uint32_t, uint32_t, uint32_t>(w, op,
                                                         [](uint32_t a, uint32_t b, uint32_t c) {
                                                           for (int i = 0; i < 4; ++i)
                                                             c += part<A>(a, i) * part<B>(b, i);
                                                           return c;
                                                         });
}
template <class A, class B>
const Op* dp2a(Warp& w, const Op* op) {
  return scalar3<uint32_t, uint32_t, uint32_t, uint32_t>(
      w, op, [first = int(op->imm)](uint32_t a, uint32_t b, uint32_t c) {
        for (int i = 0; i < 2; ++i) c += part<A>(a, i) * part<B>(b, first + i);
        return c;
      });
}

}  // namespace

Selected select_prmt(const Instruction& in) {
  for (const Mode& mode : kModes)
    if (in.has(mode.name)) return {prmt_mode, &mode - kModes};
  return {prmt};
}

Selected select_dp4a(const Instruction& in) {
  const bool b_signed = in.type(1) == Type::s32;
  if (in.type(0) == Type::s32) return {b_signed ? dp4a<int8_t, int8_t> : dp4a<int8_t, uint8_t>};
  return {b_signed ? dp4a<uint8_t, int8_t> : dp4a<uint8_t, uint8_t>};
}

Selected select_dp2a(const Instruction& in) {
  const int64_t first = in.has("hi") ? 2 : 0;
  const bool b_signed = in.type(1) == Type::s32;
  if (in.type(0) == Type::s32)
    return {b_signed ? dp2a<int16_t, int8_t> : dp2a<int16_t, uint8_t>, first};
  return {b_signed ? dp2a<uint16_t, int8_t> : dp2a<uint16_t, uint8_t>, first};
}

}  // namespace ptxvm::PTXVM_ISA
