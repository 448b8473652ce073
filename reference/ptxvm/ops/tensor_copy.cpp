// cp.async.bulk.tensor, cp.reduce.async.bulk.tensor and cp.async.bulk.prefetch.tensor, a lane at a
// time. Operands: addresses (of shared memory, the map with its coordinates, the mbarrier), im2col
// offsets, then what goes with modifiers. Op::more starts with coordinates and offsets.
#include "reference/ptxvm/tensor_copy.h"

#include "reference/ptxvm/ops/bulk.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {
namespace {

/// 3 of .3d; 0: none.
uint32_t dimensions_of(const ptx::Instruction& in) {
  static constexpr const char* kWords[] = {"1d", "2d", "3d", "4d", "5d"};
  for (uint32_t i = 0; i < kTensorRank; ++i)
    if (in.has(kWords[i])) return i + 1;
  return 0;
}

bool is_im2col(const ptx::Instruction& in) { return in.has("im2col") || in.has("im2col_no_offs"); }

TensorRequest request(Warp& w, const Op* op, const ptx::Instruction& in, int lane) {
  TensorRequest copy;
  copy.dimensions = dimensions_of(in);
  copy.mode = is_im2col(in) ? TensorMode::im2col : TensorMode::tiled;
  for (uint32_t i = 0; i < copy.dimensions; ++i)
    copy.coordinates[i] = lanes<int32_t>(w, op->more[i])[lane];
  const uint32_t offsets = in.has("im2col") ? copy.dimensions - 2 : 0;
  for (uint32_t i = 0; i < offsets; ++i)
    copy.offsets[i] = uint16_t(lanes<uint32_t>(w, op->more[copy.dimensions + i])[lane]);
  return copy;
}

const Op* load_box(Warp& w, const Op* op) {
  const ptx::Instruction& in = instruction_of(w, op);
  const bool multicast = in.has("multicast::cluster");
  each_lane(w.mask, [&](int lane) {
    TensorRequest copy = request(w, op, in, lane);
    copy.shared = bulk_address(w, op, op->a, 0, 3, lane);
    copy.map = bulk_address(w, op, op->b, 1, 3, lane);
    copy.barrier = bulk_address(w, op, op->c, 2, 3, lane);
    if (multicast) {
      copy.blocks = lanes<uint32_t>(w, op->d)[lane] & 0xffff;
      if (!copy.blocks) return;
    }
    tensor_to_shared(w, op, lane, copy);
  });
  return op + 1;
}

const Op* store_box(Warp& w, const Op* op) {
  const ptx::Instruction& in = instruction_of(w, op);
  const char* const combine = reduction_word(in);
  each_lane(w.mask, [&](int lane) {
    TensorRequest copy = request(w, op, in, lane);
    copy.combine = combine;
    copy.map = bulk_address(w, op, op->a, 0, 2, lane);
    copy.shared = bulk_address(w, op, op->b, 1, 2, lane);
    tensor_to_global(w, op, lane, copy);
  });
  return op + 1;
}

const Op* prefetch(Warp& w, const Op* op) {
  const ptx::Instruction& in = instruction_of(w, op);
  each_lane(w.mask, [&](int lane) {
    TensorRequest copy = request(w, op, in, lane);
    copy.map = bulk_address(w, op, op->a, 0, 1, lane);
    tensor_prefetch(w, op, lane, copy);
  });
  return op + 1;
}

/// As many as there must be, behind which come those of multicasts and policies.
bool has_vector(const ptx::Operand& operand, size_t elements) {
  return operand.kind == ptx::Operand::Kind::vector && operand.elements.size() == elements;
}
bool has_coordinates(const ptx::Operand& map, uint32_t dimensions) {
  return map.kind == ptx::Operand::Kind::address && map.elements.size() == 1 &&
         has_vector(map.elements[0], dimensions);
}

/// Forms of later GPUs.
bool is_newer(const ptx::Instruction& in) {
  for (const char* word : {"tile::gather4", "tile::scatter4", "im2col::w", "im2col::w::128",
                           "cta_group::1", "cta_group::2"})
    if (in.has(word)) return true;
  return false;
}

}  // namespace

Selected select_tensor_copy(const ptx::Instruction& in) {
  const uint32_t dimensions = dimensions_of(in);
  if (!dimensions || is_newer(in) || (is_im2col(in) && dimensions < 3)) return {};
  const bool loads = in.has("mbarrier::complete_tx::bytes"), prefetches = in.has("prefetch");
  if (!loads && !prefetches && !in.has("bulk_group")) return {};
  if ((loads && in.has("reduce")) || in.has("cp_mask")) return {};
  if (in.has("multicast::cluster") && !loads) return {};
  const size_t map = loads ? 1 : 0, addresses = loads ? 3 : prefetches ? 1 : 2;
  const size_t needed =
      addresses + in.has("im2col") + in.has("multicast::cluster") + in.has("L2::cache_hint");
  if (in.operands.size() != needed || !has_coordinates(in.operands[map], dimensions)) return {};
  if (in.has("im2col") && !has_vector(in.operands[addresses], dimensions - 2)) return {};
  if (prefetches) return {prefetch};
  if (!loads) {
    const bool combines = !in.has("reduce") || *reduction_word(in);
    return {combines && !in.has("im2col") ? store_box : nullptr};
  }
  return {in.has("global") && !in.has("im2col_no_offs") ? load_box : nullptr};
}

}  // namespace ptxvm::PTXVM_ISA
