// Copies: mov with its vector forms, cvta, isspacep. PTX ISA 9.0,
// sections 9.7.9.3, 9.7.9.19, 9.7.9.20.
#include "reference/ptxvm/address.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

constexpr auto kSame = [](auto a) { return a; };

const Op* move_predicate(Warp& w, const Op* op) {
  set_predicate(w, op->dst, predicate(w, op->a));
  return op + 1;
}
const Op* set_predicate_to(Warp& w, const Op* op) {
  set_predicate(w, op->dst, uint32_t(op->imm));
  return op + 1;
}
/// 128-bit registers are two planes of 64 bits.
const Op* move128(Warp& w, const Op* op) {
  auto *d = lanes<uint64_t>(w, op->dst), *a = lanes<uint64_t>(w, op->a);
  each_lane(w.mask, [&](int l) {
    d[l] = a[l];
    d[l + kLanes] = a[l + kLanes];
  });
  return op + 1;
}

/// d = {more[0], more[1], ...}, first element lowest. All elements are read before d is written:
/// they may share its slot.
template <class Whole, class Element, int count>
const Op* pack(Warp& w, const Op* op) {
  Whole* d = lanes<Whole>(w, op->dst);
  each_lane(w.mask, [&](int l) {
    Whole whole = 0;
    for (int i = 0; i < count; ++i)
      whole |= Whole(Element(lanes<Wide<Element>>(w, op->more[i])[l]))
               << (8 * int(sizeof(Element)) * i);
    d[l] = whole;
  });
  return op + 1;
}
template <class Whole, class Element, int count>
const Op* unpack(Warp& w, const Op* op) {
  const Whole* a = lanes<Whole>(w, op->a);
  each_lane(w.mask, [&](int l) {
    const Whole whole = a[l];
    for (int i = 0; i < count; ++i) {
      if (op->more[i] == kNoOperand) continue;
      lanes<Wide<Element>>(w, op->more[i])[l] = Element(whole >> (8 * int(sizeof(Element)) * i));
    }
  });
  return op + 1;
}
const Op* pack128(Warp& w, const Op* op) {
  auto *d = lanes<uint64_t>(w, op->dst), *low = lanes<uint64_t>(w, op->more[0]),
       *high = lanes<uint64_t>(w, op->more[1]);
  each_lane(w.mask, [&](int l) {
    const uint64_t first = low[l], second = high[l];
    d[l] = first;
    d[l + kLanes] = second;
  });
  return op + 1;
}
const Op* unpack128(Warp& w, const Op* op) {
  const auto* a = lanes<uint64_t>(w, op->a);
  each_lane(w.mask, [&](int l) {
    const uint64_t halves[] = {a[l], a[l + kLanes]};
    for (int i = 0; i < 2; ++i)
      if (op->more[i] != kNoOperand) lanes<uint64_t>(w, op->more[i])[l] = halves[i];
  });
  return op + 1;
}

struct VectorForm {
  int bytes;  // of the whole
  size_t elements;
  Handler pack, unpack;
};
constexpr VectorForm kVectorForms[] = {
    {2, 2, pack<uint32_t, uint8_t, 2>, unpack<uint32_t, uint8_t, 2>},
    {4, 2, pack<uint32_t, uint16_t, 2>, unpack<uint32_t, uint16_t, 2>},
    {4, 4, pack<uint32_t, uint8_t, 4>, unpack<uint32_t, uint8_t, 4>},
    {8, 2, pack<uint64_t, uint32_t, 2>, unpack<uint64_t, uint32_t, 2>},
    {8, 4, pack<uint64_t, uint16_t, 4>, unpack<uint64_t, uint16_t, 4>},
    {16, 2, pack128, unpack128},
};
Selected vector_form(int bytes, const Operand& vector, bool packs) {
  for (const VectorForm& form : kVectorForms) {
    if (form.bytes == bytes && form.elements == vector.elements.size())
      return {packs ? form.pack : form.unpack};
  }
  return {};
}

/// cvta: the window's base is in Op::imm, negated for .to; narrow addresses keep their 32 bits.
template <class D, class A>
const Op* add_imm(Warp& w, const Op* op) {
  return map1<D, A>(w, op, [base = uint64_t(op->imm)](auto a) {
    if constexpr (sizeof(A) == sizeof(D))
      return a + ElementOf<decltype(a)>(base);
    else
      return widen<D>(a) + base;
  });
}
const Op* in_space(Warp& w, const Op* op) {
  const uint64_t* a = lanes<uint64_t>(w, op->a);
  uint32_t bits = 0;
  each_lane(w.mask, [&](int l) { bits |= uint32_t{in_window(a[l], uint64_t(op->imm))} << l; });
  set_predicate(w, op->dst, bits);
  return op + 1;
}
/// Global: what lies in no window. Constant variables live in global memory here.
/// Constants lie among the allocations of global memory, but are a space of their own.
template <bool wanted>
const Op* is_constant(Warp& w, const Op* op) {
  const uint64_t* a = lanes<uint64_t>(w, op->a);
  uint32_t bits = 0;
  each_lane(w.mask, [&](int l) {
    const bool windowed = in_window(a[l], kSharedWindow) || in_window(a[l], kLocalWindow) ||
                          in_window(a[l], kParamWindow);
    const Memory::Allocation* found = windowed ? nullptr : w.cta->grid.memory->find(a[l]);
    bits |= uint32_t{!windowed && (found && found->constant) == wanted} << l;
  });
  set_predicate(w, op->dst, bits);
  return op + 1;
}

uint64_t window_of(Space space) {
  switch (space) {
    case Space::shared:
    case Space::shared_cluster:
      return kSharedWindow;
    case Space::local:
      return kLocalWindow;
    case Space::param:
      return kParamWindow;
    default:
      return 0;
  }
}

}  // namespace

Selected select_mov(const Instruction& in) {
  if (in.operands.size() != 2) return {};
  const Operand &d = in.operands[0], &a = in.operands[1];
  const int bytes = ptx::bytes_of(in.type());
  if (a.kind == Operand::Kind::special) {
    if (const Selected dynamic = select_mov_dynamic(in); dynamic.handler) return dynamic;
  }
  if (d.kind == Operand::Kind::vector) return vector_form(bytes, d, false);
  if (a.kind == Operand::Kind::vector) return vector_form(bytes, a, true);
  if (in.type() == Type::pred) {
    if (a.kind == Operand::Kind::integer) return {set_predicate_to, a.bits ? -1 : 0};
    return {move_predicate};
  }
  if (bytes == 16) return {move128};
  return by_width<uint8_t, uint16_t, uint32_t, uint64_t>(
      in.type(), []<class T>() -> Handler { return unary<T, T, kSame>; });
}

Selected select_cvta(const Instruction& in) {
  const uint64_t window = window_of(in.space());
  const int64_t base = in.has("to") ? -int64_t(window) : int64_t(window);
  if (ptx::bytes_of(in.type()) == 4)
    return window ? Selected{} : Selected{add_imm<uint32_t, uint32_t>, 0};
  return {add_imm<uint64_t, uint64_t>, base};
}

Selected select_isspacep(const Instruction& in) {
  if (in.space() == Space::global) return {is_constant<false>};
  if (in.space() == Space::constant) return {is_constant<true>};
  const uint64_t window = window_of(in.space());
  return window ? Selected{in_space, int64_t(window)} : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
