#include "reference/ptxvm/stack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/pattern.h"
#include "reference/ptxvm/text.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {
namespace {

template <class F>
void each(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(std::countr_zero(mask)));
}

uint32_t element(const Op* op, uint32_t scalar, uint32_t e) {
  return op->count > 1 ? op->more[e] : scalar;
}

/// Widens an element and writes it to a lane of a register.
void write(Warp& warp, uint32_t operand, uint32_t lane, uint64_t value, uint32_t bytes,
           bool sign_extend) {
  if (operand == kNoOperand) return;
  if (bytes == 8) {
    lanes<uint64_t>(warp, operand)[lane] = value;
    return;
  }
  if (sign_extend) {
    const uint32_t shift = 64 - 8 * bytes;
    value = uint64_t(int64_t(value << shift) >> shift);
  }
  lanes<uint32_t>(warp, operand)[lane] = uint32_t(value);
}

uint64_t read(Warp& warp, uint32_t operand, uint32_t lane, uint32_t bytes) {
  return bytes == 8 ? lanes<uint64_t>(warp, operand)[lane] : lanes<uint32_t>(warp, operand)[lane];
}

/// An element in rows of words: elements are aligned, so one of 8 bytes is two words and a smaller
/// one is part of one.
uint64_t from_rows(const std::byte* rows, uint64_t offset, uint32_t lane, uint32_t bytes) {
  const std::byte* p = rows + offset / 4 * 4 * kLanes + lane * 4 + offset % 4;
  uint64_t value = 0;
  std::memcpy(&value, p, bytes < 4 ? bytes : 4);
  if (bytes == 8) std::memcpy(reinterpret_cast<std::byte*>(&value) + 4, p + 4 * kLanes, 4);
  return value;
}

void to_rows(std::byte* rows, uint64_t offset, uint32_t lane, uint32_t bytes, uint64_t value) {
  std::byte* p = rows + offset / 4 * 4 * kLanes + lane * 4 + offset % 4;
  std::memcpy(p, &value, bytes < 4 ? bytes : 4);
  if (bytes == 8) std::memcpy(p + 4 * kLanes, reinterpret_cast<std::byte*>(&value) + 4, 4);
}

void check_local(Warp& warp, const Op* op, uint32_t lane, uint64_t address, uint32_t bytes,
                 bool store) {
  const uint32_t end = warp.level->local_top[lane];
  if (address % bytes == 0 && address < end && bytes <= end - address) return;
  raise(warp, op, address % bytes ? TrapKind::misaligned : TrapKind::out_of_bounds, int(lane),
        std::string("local ") + (store ? "store" : "load") + " of " + std::to_string(bytes) +
            " bytes at " + hex(address) + "\n  the thread has " + std::to_string(end) +
            " bytes of local memory here",
        {"local", address});
}

/// ld.local, st.local
template <uint32_t bytes, bool sign_extend>
const Op* ld_local(Warp& warp, const Op* op) {
  load_local(warp, op, bytes, sign_extend, 0);
  return op + 1;
}
template <uint32_t bytes>
const Op* st_local(Warp& warp, const Op* op) {
  store_local(warp, op, bytes, 0);
  return op + 1;
}

/// ld.param, st.param of a region in the frame: op->a (st: too) is where it begins
template <uint32_t bytes, bool sign_extend>
const Op* ld_region(Warp& warp, const Op* op) {
  const std::byte* rows = warp.frame + op->a;
  for (uint32_t e = 0; e < op->count; ++e)
    each(warp.mask, [&](uint32_t lane) {
      write(warp, element(op, op->dst, e), lane,
            from_rows(rows, uint64_t(op->imm) + e * bytes, lane, bytes), bytes, sign_extend);
    });
  return op + 1;
}
template <uint32_t bytes>
const Op* st_region(Warp& warp, const Op* op) {
  std::byte* rows = warp.frame + op->a;
  for (uint32_t e = 0; e < op->count; ++e)
    each(warp.mask, [&](uint32_t lane) {
      to_rows(rows, uint64_t(op->imm) + e * bytes, lane, bytes,
              read(warp, element(op, op->b, e), lane, bytes));
    });
  return op + 1;
}

/// d, size. Op::imm: alignment, a power of two.
template <class T>
const Op* allocate(Warp& warp, const Op* op) {
  Frame& frame = *warp.level;
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t size = lanes<T>(warp, op->a)[lane];
    const uint64_t begin =
        (frame.local_top[lane] + uint64_t(op->imm) - 1) & ~(uint64_t(op->imm) - 1);
    if (size > kMaxLocal || begin + size > kMaxLocal)
      raise(warp, op, TrapKind::stack_overflow, int(lane),
            ("alloca of " + std::to_string(size) + " bytes: a thread has " +
             std::to_string(kMaxLocal) + " bytes of local memory, and uses " +
             std::to_string(frame.local_top[lane]))
                .c_str());
    lanes<T>(warp, op->dst)[lane] = T(begin);
    frame.local_top[lane] = uint32_t(begin + size);
    frame.local_end = std::max(frame.local_end, frame.local_top[lane]);
  });
  warp.cta->grow_local(warp, frame.local_end);
  return op + 1;
}
template <class T>
const Op* save(Warp& warp, const Op* op) {
  each(warp.mask,
       [&](uint32_t lane) { lanes<T>(warp, op->dst)[lane] = warp.level->local_top[lane]; });
  return op + 1;
}
template <class T>
const Op* restore(Warp& warp, const Op* op) {
  Frame& frame = *warp.level;
  const uint32_t least = frame.local_base + frame.code->local_bytes;
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t saved = lanes<T>(warp, op->a)[lane];
    if (saved < least || saved > frame.local_top[lane])
      raise(warp, op, TrapKind::out_of_bounds, int(lane),
            ("stackrestore to " + hex(saved) + ", which this call of the function did not save")
                .c_str());
    frame.local_top[lane] = uint32_t(saved);
  });
  return op + 1;
}

struct Loads {
  Handler local, region;
};
template <uint32_t bytes, bool sign_extend>
constexpr Loads kLoads = {ld_local<bytes, sign_extend>, ld_region<bytes, sign_extend>};

/// Hardware interleaves threads word by word, so that a word of 8 neighbours is a sector.
void count_local(Warp& warp, const Op* op, uint64_t bias, uint32_t bytes) {
  constexpr uint32_t kLanesPerSector = 8;
  Traffic& traffic = warp.sites[op->site].local;
  ++traffic.requests;
  for (uint32_t first = 0; first < kLanes; first += kLanesPerSector) {
    uint64_t words[kLanesPerSector * 8];
    size_t n = 0;
    each(warp.mask & 0xffu << first, [&](uint32_t lane) {
      const uint64_t address = lane_address(warp, op, lane) - bias;
      for (uint64_t word = address / 4; word <= (address + bytes - 1) / 4 && n < std::size(words);
           ++word)
        words[n++] = word;
    });
    std::sort(words, words + n);
    traffic.units += uint64_t(std::unique(words, words + n) - words);
  }
}

}  // namespace

void load_local(Warp& warp, const Op* op, uint32_t bytes, bool sign_extend, uint64_t bias) {
  count_local(warp, op, bias, bytes * op->count);
  each(warp.mask, [&](uint32_t lane) {
    // The address register may be the destination of the first element.
    const uint64_t address = lane_address(warp, op, lane) - bias;
    check_local(warp, op, lane, address, bytes * op->count, false);
    for (uint32_t e = 0; e < op->count; ++e)
      write(warp, element(op, op->dst, e), lane,
            from_rows(warp.local, address + e * bytes, lane, bytes), bytes, sign_extend);
  });
}

void store_local(Warp& warp, const Op* op, uint32_t bytes, uint64_t bias) {
  count_local(warp, op, bias, bytes * op->count);
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t address = lane_address(warp, op, lane) - bias;
    check_local(warp, op, lane, address, bytes * op->count, true);
    for (uint32_t e = 0; e < op->count; ++e)
      to_rows(warp.local, address + e * bytes, lane, bytes,
              read(warp, element(op, op->b, e), lane, bytes));
  });
}

void load_parameter(Warp& warp, const Op* op, uint32_t bytes, bool sign_extend, uint64_t bias) {
  const auto& buffer = warp.cta->grid.params;
  const uint64_t size = warp.cta->grid.program->entry().param_bytes;
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t address = lane_address(warp, op, lane) - bias;
    if (address >= size || bytes * op->count > size - address)
      raise(warp, op, TrapKind::out_of_bounds, int(lane),
            ("parameter load at offset " + std::to_string(address) +
             "\n  the kernel's parameters take " + std::to_string(size) + " bytes")
                .c_str());
    for (uint32_t e = 0; e < op->count; ++e) {
      uint64_t value = 0;
      std::memcpy(&value, buffer.data() + address + e * bytes, bytes);
      write(warp, element(op, op->dst, e), lane, value, bytes, sign_extend);
    }
  });
}

Selected select_stack_load(const ptx::Instruction& in) {
  const bool local = in.space() == ptx::Space::local, region = in.has("param::func");
  if (!local && !region) return {};
  const ptx::Type type = in.type();
  const bool is_signed = type == ptx::Type::s8 || type == ptx::Type::s16;
  const Loads* loads = nullptr;
  switch (ptx::bytes_of(type)) {
    case 1:
      loads = is_signed ? &kLoads<1, true> : &kLoads<1, false>;
      break;
    case 2:
      loads = is_signed ? &kLoads<2, true> : &kLoads<2, false>;
      break;
    case 4:
      loads = &kLoads<4, false>;
      break;
    case 8:
    case 16:
      loads = &kLoads<8, false>;
      break;
    default:
      return {};
  }
  return {local ? loads->local : loads->region};
}

Selected select_stack_store(const ptx::Instruction& in) {
  const bool local = in.space() == ptx::Space::local;
  if (!local && !in.has("param::func")) return {};
  switch (ptx::bytes_of(in.type())) {
    case 1:
      return {local ? st_local<1> : st_region<1>};
    case 2:
      return {local ? st_local<2> : st_region<2>};
    case 4:
      return {local ? st_local<4> : st_region<4>};
    case 8:
    case 16:
      return {local ? st_local<8> : st_region<8>};
    default:
      return {};
  }
}

Selected select_stack_allocate(const ptx::Instruction& in) {
  const uint64_t alignment = in.operands.size() > 2 ? in.operands[2].bits : 8;
  if (!std::has_single_bit(alignment) || alignment > kMaxLocal) return {};
  const bool wide = ptx::bytes_of(in.type()) == 8;
  return {wide ? allocate<uint64_t> : allocate<uint32_t>, int64_t(alignment)};
}
Selected select_stack_save(const ptx::Instruction& in) {
  return {ptx::bytes_of(in.type()) == 8 ? save<uint64_t> : save<uint32_t>};
}
Selected select_stack_restore(const ptx::Instruction& in) {
  return {ptx::bytes_of(in.type()) == 8 ? restore<uint64_t> : restore<uint32_t>};
}

}  // namespace ptxvm
