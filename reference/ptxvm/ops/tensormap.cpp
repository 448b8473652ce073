// tensormap.replace (PTX ISA 9.0, section 9.7.9.28) and tensormap.cp_fenceproxy (9.7.13.16), a lane
// at a time. Whether the new map makes sense is asked when a copy uses it: fields are replaced one
// after the other.
#include <cstring>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/ops/bulk.h"
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/tensor_copy.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using Replace = void (*)(TensorMap&, uint32_t ordinal, uint64_t value);

struct Field {
  const char* word;
  uint32_t ordinals;  // values that the field has; 0: one, and the instruction names none
  uint64_t limit;     // largest value
  Replace replace;
};
constexpr uint64_t kAny32 = 0xffffffff, kAny64 = ~uint64_t{0};
constexpr Field kFields[] = {
    {"global_address", 0, kAny64, [](TensorMap& m, uint32_t, uint64_t v) { m.address = v; }},
    {"rank", 0, 4, [](TensorMap& m, uint32_t, uint64_t v) { m.last_dimension = uint8_t(v); }},
    {"box_dim", 5, 256, [](TensorMap& m, uint32_t i, uint64_t v) { m.box[i] = uint16_t(v); }},
    {"global_dim", 5, kAny32,
     [](TensorMap& m, uint32_t i, uint64_t v) { m.sizes[i] = uint32_t(v); }},
    {"global_stride", 4, kAny64, [](TensorMap& m, uint32_t i, uint64_t v) { m.strides[i] = v; }},
    {"element_stride", 5, 8,
     [](TensorMap& m, uint32_t i, uint64_t v) { m.steps[i] = uint16_t(v); }},
    {"elemtype", 0, 15, [](TensorMap& m, uint32_t, uint64_t v) { m.type = TensorType(v); }},
    {"interleave_layout", 0, 2,
     [](TensorMap& m, uint32_t, uint64_t v) { m.interleave = TensorInterleave(v); }},
    {"swizzle_mode", 0, 3,
     [](TensorMap& m, uint32_t, uint64_t v) { m.swizzle = TensorSwizzle(v); }},
    {"swizzle_atomicity", 0, 3,
     [](TensorMap& m, uint32_t, uint64_t v) { m.atom = SwizzleAtom(v); }},
    {"fill_mode", 0, 1, [](TensorMap& m, uint32_t, uint64_t v) { m.fill = TensorFill(v); }},
};

const Field* field_of(const ptx::Instruction& in) {
  for (const Field& field : kFields)
    if (in.has(field.word)) return &field;
  return nullptr;
}

/// A generic address: the instruction may name the space.
uint64_t generic(const ptx::Instruction& in, uint64_t address) {
  return in.has("shared::cta") ? kSharedWindow | uint32_t(address) : address;
}

uint64_t value_of(Warp& w, const ptx::Operand& operand, uint32_t place, bool wide, int lane) {
  if (operand.kind == ptx::Operand::Kind::integer) return operand.bits;
  return wide ? lanes<uint64_t>(w, place)[lane] : lanes<uint32_t>(w, place)[lane];
}

const Op* replace(Warp& w, const Op* op) {
  const ptx::Instruction& in = instruction_of(w, op);
  const Field& field = *field_of(in);
  const bool wide = in.type() == ptx::Type::b64;
  const auto ordinal = field.ordinals ? uint32_t(in.operands[1].bits) : 0;
  each_lane(w.mask, [&](int lane) {
    const uint64_t address = generic(in, bulk_address(w, op, op->a, 0, 1, lane));
    const uint64_t value =
        value_of(w, in.operands.back(), field.ordinals ? op->c : op->b, wide, lane);
    if (value > field.limit) refuse_tensor_field(w, op, lane, field.word, value);
    std::byte* at = writable_tensor_map(w, op, lane, address);
    TensorMap map;
    std::memcpy(&map, at, sizeof map);
    field.replace(map, ordinal, value);
    std::memcpy(at, &map, sizeof map);
  });
  return op + 1;
}

const Op* copy(Warp& w, const Op* op) {
  each_lane(w.mask, [&](int lane) {
    const uint64_t to = bulk_address(w, op, op->a, 0, 2, lane);
    const uint64_t from = bulk_address(w, op, op->b, 1, 2, lane);
    std::memcpy(writable_tensor_map(w, op, lane, to),
                writable_tensor_map(w, op, lane, kSharedWindow | uint32_t(from)), kTensorMapBytes);
    w.cta->grid.memory->set_written(to, kTensorMapBytes, true);
  });
  return op + 1;
}

Selected select_copy(const ptx::Instruction& in) {
  const bool fits = in.operands.size() == 3 && in.operands[1].kind == ptx::Operand::Kind::address &&
                    in.operands[2].kind == ptx::Operand::Kind::integer;
  return {fits && in.operands[2].bits == kTensorMapBytes ? copy : nullptr};
}

}  // namespace

Selected select_tensormap(const ptx::Instruction& in) {
  if (in.has("cp_fenceproxy")) return select_copy(in);
  const Field* field = field_of(in);
  if (!in.has("replace") || !in.has("tile") || !field) return {};
  const bool wide = field->limit == kAny64;
  if (in.type() != (wide ? ptx::Type::b64 : ptx::Type::b32)) return {};
  if (in.operands.size() != (field->ordinals ? 3u : 2u)) return {};
  if (!field->ordinals) return {replace};
  const ptx::Operand& ordinal = in.operands[1];
  const bool known = ordinal.kind == ptx::Operand::Kind::integer && ordinal.bits < field->ordinals;
  return {known ? replace : nullptr};
}

}  // namespace ptxvm::PTXVM_ISA
