// Video instructions that nvcc emits for its SIMD-in-a-word intrinsics: vabsdiff2, vabsdiff4 with
// all lanes in place. PTX ISA 9.0, sections 9.7.17.3.2 and 9.7.17.4.2.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Type;

/// Op::imm: which of the operands are signed, and what becomes of the differences.
enum Flag : int64_t { kSignedA = 1, kSignedB = 2, kSignedD = 4, kSaturate = 8, kAdd = 16 };

int32_t lane_of(uint32_t word, int bits, int i, bool is_signed) {
  const uint32_t moved = word << (32 - bits * (i + 1));
  return is_signed ? int32_t(moved) >> (32 - bits) : int32_t(moved >> (32 - bits));
}

template <int bits>
const Op* absolute_differences(Warp& w, const Op* op) {
  const int64_t flags = op->imm;
  const int32_t largest = int32_t(~0u >> (32 - bits + (flags & kSignedD ? 1 : 0)));
  return scalar3<uint32_t, uint32_t, uint32_t, uint32_t>(
      w, op, [=](uint32_t a, uint32_t b, uint32_t c) {
        uint32_t sum = c, lanes_of_d = 0;
        for (int i = 0; i < 32 / bits; ++i) {
          const int32_t difference =
              lane_of(a, bits, i, flags & kSignedA) - lane_of(b, bits, i, flags & kSignedB);
          int32_t d = difference < 0 ? -difference : difference;
          if (flags & kSaturate && d > largest) d = largest;
          sum += uint32_t(d);
          lanes_of_d |= (uint32_t(d) & (~0u >> (32 - bits))) << bits * i;
        }
        return flags & kAdd ? sum : lanes_of_d;
      });
}

/// Types of d, a, b, in this order.
Selected selected(const ptx::Instruction& in, Handler handler) {
  if (in.type(2) == Type::none || in.type(3) != Type::none) return {};
  const auto flag = [&](bool on, Flag f) { return on ? int64_t{f} : 0; };
  if (in.has("sat") && in.has("add")) return {};
  return {handler, flag(in.type(0) == Type::s32, kSignedD) |
                       flag(in.type(1) == Type::s32, kSignedA) |
                       flag(in.type(2) == Type::s32, kSignedB) | flag(in.has("sat"), kSaturate) |
                       flag(in.has("add"), kAdd)};
}

}  // namespace

Selected select_vabsdiff2(const ptx::Instruction& in) {
  return selected(in, absolute_differences<16>);
}
Selected select_vabsdiff4(const ptx::Instruction& in) {
  return selected(in, absolute_differences<8>);
}

}  // namespace ptxvm::PTXVM_ISA
