#include "reference/ptxvm/tensor_copy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "reference/ptxvm/bulk_copy.h"
#include "reference/ptxvm/check/bulk.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/oob_nan.h"
#include "reference/ptxvm/tensor_box.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

/// Shared addresses of tensor copies (CUDA C++ Programming Guide, "Using TMA to transfer
/// multi-dimensional arrays").
constexpr uint32_t kSharedAlignment = 128;

[[noreturn]] void refuse(Warp& warp, const Op* op, int lane, const std::string& why) {
  raise(warp, op, TrapKind::illegal_instruction, lane, ("tensor copy: " + why).c_str());
}

void check_map_alignment(Warp& warp, const Op* op, int lane, uint64_t address) {
  if (address % kTensorMapAlignment)
    raise(warp, op, TrapKind::misaligned, lane,
          ("tensor map at " + hex(address) + ": not a multiple of 64").c_str());
}

std::byte* map_in_global(Warp& warp, const Op* op, int lane, uint64_t address) {
  check_global(warp, op, lane, "tensor map", address, kTensorMapBytes);
  return warp.worker->memory.host_bias + address;
}

/// In parameters, constants or global memory, as the ISA has it.
const std::byte* map_bytes(Warp& warp, const Op* op, int lane, uint64_t address) {
  check_map_alignment(warp, op, lane, address);
  if (in_window(address, kSharedWindow) || in_window(address, kLocalWindow))
    raise(warp, op, TrapKind::invalid_address_space, lane,
          "a tensor map that copies use lies in global memory, constants or parameters");
  const uint64_t offset = address - kParamWindow;
  if (in_window(address, kParamWindow) && offset + kTensorMapBytes <= warp.worker->param_bytes)
    return warp.worker->params + offset;
  return map_in_global(warp, op, lane, address);
}

TensorMap read_map(Warp& warp, const Op* op, int lane, const TensorRequest& copy) {
  TensorMap map;
  std::memcpy(&map, map_bytes(warp, op, lane, copy.map), sizeof map);
  const std::string error = tensor_map_error(map);
  if (!error.empty()) refuse(warp, op, lane, "the tensor map at " + hex(copy.map) + ": " + error);
  if (map.rank() != copy.dimensions)
    refuse(warp, op, lane,
           "an instruction for " + std::to_string(copy.dimensions) +
               " dimensions and a tensor map of " + std::to_string(map.rank()));
  if (map.mode != copy.mode)
    refuse(warp, op, lane,
           map.mode == TensorMode::tiled ? "an im2col instruction and a tiled tensor map"
                                         : "a tiled instruction and an im2col tensor map");
  const uint32_t elements = tensor_unit(map).elements;
  const int32_t multiple = elements > 2 ? 128 : int32_t(elements);
  if (copy.coordinates[0] % multiple)
    refuse(warp, op, lane,
           "coordinate 0 is " + std::to_string(copy.coordinates[0]) + ", not a multiple of " +
               std::to_string(multiple));
  return map;
}

TensorBox box_of(Warp& warp, const Op* op, int lane, const TensorMap& map,
                 const TensorRequest& copy) {
  if (copy.shared % kSharedAlignment)
    raise(warp, op, TrapKind::misaligned, lane,
          "the shared address of a tensor copy is not a multiple of 128");
  const uint64_t bytes = tensor_box_bytes(map);
  if (bytes >= uint64_t{1} << kPeerShift)
    refuse(warp, op, lane,
           "a box of " + std::to_string(bytes) + " bytes: no block has as much shared memory");
  return {map,
          {copy.coordinates, copy.dimensions},
          {copy.offsets, copy.mode == TensorMode::im2col ? copy.dimensions - 2 : 0},
          uint32_t(copy.shared) & ((1u << kPeerShift) - 1)};
}

/// The tensor may be described larger than its memory is.
void check_spans(Warp& warp, const Op* op, int lane, const TensorBox& box) {
  const Memory& memory = *warp.cta->grid.memory;
  uint64_t begin = 0, end = 0;  // the allocation found last
  for (const TensorSpan& span : box.spans) {
    if (span.address >= begin && span.address + span.bytes <= end) continue;
    check_global(warp, op, lane, "tensor copy: row", span.address, span.bytes);
    const Memory::Allocation* found = memory.find(span.address);
    begin = found->address;
    end = found->address + found->size;
  }
}

/// One request, and each sector of it once.
void count_sectors(Warp& warp, const Op* op, const TensorBox& box, MemoryAccess access) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const TensorSpan& span : box.spans)
    ranges.emplace_back(span.address / kSectorBytes,
                        (span.address + span.bytes - 1) / kSectorBytes);
  std::sort(ranges.begin(), ranges.end());
  Site& site = warp.sites[op->site];
  ++site.global.requests;
  uint64_t next = 0;  // the first sector that is not counted
  for (auto [first, last] : ranges) {
    first = std::max(first, next);
    if (first > last) continue;
    next = last + 1;
    site.global.units += next - first;
    for (uint64_t sector = first; sector <= last; sector += 8)
      mark_range(*warp.worker, sector, std::min(sector + 7, last), access);
  }
}

/// What fills elements outside the tensor.
std::vector<std::byte> filled(const TensorMap& map, uint32_t bytes) {
  std::vector<std::byte> data(bytes);
  if (map.fill == TensorFill::nan)
    for (uint32_t i = 0; i + 2 <= bytes; i += 2) std::memcpy(&data[i], &kOobNan, 2);
  return data;
}

/// f32 to tf32, as loads of tf32 tensors do: nearest, ties to even; NaN as in those models.
uint32_t to_tf32(uint32_t bits) {
  if (std::isnan(std::bit_cast<float>(bits))) return 0x7fffe000;
  return (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
}
void round_to_tf32(std::byte* at, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i += 4) {
    uint32_t bits;
    std::memcpy(&bits, at + i, 4);
    bits = to_tf32(bits);
    std::memcpy(at + i, &bits, 4);
  }
}

/// Stores of 6-bit values: one from each byte, four make three bytes.
void pack_six_bits(std::vector<std::byte>& data) {
  for (size_t unit = 0; unit + 16 <= data.size(); unit += 16)
    for (size_t i = 0; i < 4; ++i) {
      uint32_t word = 0;
      for (size_t k = 0; k < 4; ++k) word |= (uint32_t(data[unit + 4 * i + k]) & 63) << 6 * k;
      std::memcpy(&data[unit + 3 * i], &word, 3);
    }
}

/// Null: no reduction. The combinations of section 9.7.9.27.1.3.
BulkReduction reduction_of(Warp& warp, const Op* op, int lane, const TensorMap& map,
                           std::string_view operation) {
  using ptx::Type;
  struct Row {
    TensorType type;
    Type arithmetic, bitwise;
    bool adds, compares;
  };
  static constexpr Row kRows[] = {
      {TensorType::u32, Type::u32, Type::b32, true, true},
      {TensorType::s32, Type::s32, Type::b32, true, true},
      {TensorType::u64, Type::u64, Type::b64, true, true},
      {TensorType::s64, Type::s64, Type::b64, true, true},
      {TensorType::f16, Type::f16, Type::none, true, true},
      {TensorType::bf16, Type::bf16, Type::none, true, true},
      {TensorType::f32, Type::f32, Type::none, true, false},
      {TensorType::f32_ftz, Type::f32, Type::none, true, false},
  };
  if (operation.empty()) return nullptr;
  const bool bitwise = operation == "and" || operation == "or" || operation == "xor";
  const bool compares = operation == "min" || operation == "max";
  for (const Row& row : kRows) {
    if (row.type != map.type || !(compares ? row.compares : row.adds)) continue;
    const Type type = bitwise ? row.bitwise : row.arithmetic;
    const bool flushes = row.type == TensorType::f32_ftz;
    if (const BulkReduction found = bulk_reduction(operation, type, flushes)) return found;
  }
  refuse(warp, op, lane,
         "there is no ." + std::string(operation) + " of this tensor's element type");
}

void check_store(Warp& warp, const Op* op, int lane, const TensorMap& map,
                 const TensorRequest& copy) {
  for (uint32_t i = 0; i < copy.dimensions; ++i)
    if (copy.coordinates[i] < 0)
      refuse(warp, op, lane, "a store's first coordinates must not be negative");
  if (map.atom == SwizzleAtom::bytes32_flip8)
    refuse(warp, op, lane, "the 8-byte flip is for loads only");
  if (map.type == TensorType::b4x16_p64)
    refuse(warp, op, lane, "padded 4-bit tensors are for loads only");
  for (uint32_t i = 0; map.mode == TensorMode::im2col && i < 3; ++i)
    if (map.lower[i] < 0 || map.upper[i] > 0)
      refuse(warp, op, lane, "the pixel box of a store must lie inside the tensor");
}

std::vector<std::byte> gather(Warp& warp, const Op* op, int lane, uint64_t address,
                              const TensorBox& box) {
  std::vector<std::byte> data;
  data.reserve(box.bytes);
  uint32_t extent = 0;
  for (const BulkPiece& piece : box.pieces) extent = std::max(extent, piece.at + piece.bytes);
  cluster_place(warp, op, lane, address + extent - 1, {1, true, false});
  const std::byte* from = cluster_place(warp, op, lane, address, {1, true, false});
  Cta& owner = cluster_block(warp, op, lane, address);
  for (const BulkPiece& piece : box.pieces) {
    data.insert(data.end(), from + piece.at, from + piece.at + piece.bytes);
    bulk_reads_shared(warp, op, lane, owner, uint32_t(from - owner.shared) + piece.at, piece.bytes);
  }
  bulk_begun(warp);
  count_shared_bytes(warp, op, data.size());
  return data;
}

}  // namespace

std::byte* writable_tensor_map(Warp& warp, const Op* op, int lane, uint64_t address) {
  check_map_alignment(warp, op, lane, address);
  if (!in_window(address, kSharedWindow)) return map_in_global(warp, op, lane, address);
  cluster_place(warp, op, lane, address + kTensorMapAlignment, {kTensorMapAlignment, true, true});
  return cluster_place(warp, op, lane, address, {kTensorMapAlignment, true, true});
}

void refuse_tensor_field(Warp& warp, const Op* op, int lane, const char* field, uint64_t value) {
  raise(warp, op, TrapKind::illegal_instruction, lane,
        ("field " + std::string(field) + " of a tensor map cannot be " + std::to_string(value))
            .c_str());
}

void tensor_to_shared(Warp& warp, const Op* op, int lane, const TensorRequest& copy) {
  const TensorMap map = read_map(warp, op, lane, copy);
  const TensorBox box = box_of(warp, op, lane, map, copy);
  check_spans(warp, op, lane, box);
  count_sectors(warp, op, box, {1, true, false});
  std::vector<std::byte> data = filled(map, box.bytes);
  const bool rounds = map.type == TensorType::tf32 || map.type == TensorType::tf32_ftz;
  for (const TensorSpan& span : box.spans) {
    std::memcpy(&data[span.at], warp.worker->memory.host_bias + span.address, span.bytes);
    bulk_reads_global(warp, op, lane, span.address, span.bytes);
    if (rounds) round_to_tf32(&data[span.at], span.bytes);
  }
  bulk_begun(warp);  // what it fills in was written
  arrive_in_shared(warp, op, lane,
                   {copy.shared, copy.barrier, copy.blocks, nullptr, box.transactions}, data,
                   box.pieces);
}

void tensor_to_global(Warp& warp, const Op* op, int lane, const TensorRequest& copy) {
  const TensorMap map = read_map(warp, op, lane, copy);
  check_store(warp, op, lane, map, copy);
  const BulkReduction reduction = reduction_of(warp, op, lane, map, copy.combine);
  const TensorBox box = box_of(warp, op, lane, map, copy);
  check_spans(warp, op, lane, box);
  std::vector<std::byte> data = gather(warp, op, lane, copy.shared, box);
  if (map.type == TensorType::b6x16_p32) pack_six_bits(data);
  count_sectors(warp, op, box, {1, reduction != nullptr, true});
  for (const TensorSpan& span : box.spans) {
    perform_bulk(warp.worker->alone, warp.worker->memory.host_bias + span.address, &data[span.at],
                 span.bytes, reduction);
    warp.cta->grid.memory->set_written(span.address, span.bytes, true);
    bulk_writes_global(warp, op, lane, span.address, span.bytes, reduction != nullptr);
  }
}

void tensor_prefetch(Warp& warp, const Op* op, int lane, const TensorRequest& copy) {
  const TensorMap map = read_map(warp, op, lane, copy);
  check_spans(warp, op, lane, box_of(warp, op, lane, map, copy));
}

}  // namespace ptxvm
