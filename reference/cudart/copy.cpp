#include "reference/cudart/copy.h"

#include <cstring>
#include <string>

#include "reference/cudart/address.h"
#include "reference/cudart/faults.h"
#include "reference/cudart/memory.h"
#include "reference/cudart/modules.h"
#include "reference/cudart/pinned.h"

namespace cudart {
namespace {

// The host's view of a range, for a copy or a fill. A device range must lie in one live allocation.
std::byte* view(const void* base, size_t bytes, bool device, const char* what) {
  if (!device) return static_cast<std::byte*>(const_cast<void*>(base));
  if (!memory().find(number(base), bytes))
    fail(cudaErrorInvalidValue, std::string(what) + " of " + std::to_string(bytes) +
                                    " bytes: " + memory().describe(number(base)));
  return memory().host(number(base));
}

// Bytes from the first to the last of a box; fails where the size does not fit 64 bits.
size_t span_of(const Box& box, const Extent& e) {
  size_t slice = 0, slices = 0, rows = 0, total = 0;
  const bool overflow = __builtin_mul_overflow(box.pitch, box.slice_rows, &slice) ||
                        __builtin_mul_overflow(slice, e.slices - 1, &slices) ||
                        __builtin_mul_overflow(box.pitch, e.rows - 1, &rows) ||
                        __builtin_add_overflow(slices, rows, &total) ||
                        __builtin_add_overflow(total, e.width, &total);
  require(!overflow, cudaErrorInvalidValue);
  return total;
}

bool empty(const Extent& e) { return e.width == 0 || e.rows == 0 || e.slices == 0; }

void check_pitch(const Box& box, const Extent& e) {
  require(e.rows * e.slices == 1 || box.pitch >= e.width, cudaErrorInvalidPitchValue);
}

template <class Row>
void for_rows(const Extent& e, Row&& row) {
  for (size_t z = 0; z < e.slices; ++z)
    for (size_t y = 0; y < e.rows; ++y) row(z, y);
}

size_t offset_of(const Box& box, size_t z, size_t y) {
  return (z * box.slice_rows + y) * box.pitch;
}

// Memory that host and device share is whatever the kind says.
bool is_said(bool device, const void* p) {
  return memory().is_device(number(p)) == device || is_shown(p);
}

void check_kind(cudaMemcpyKind kind, const void* to, const void* from) {
  if (kind == cudaMemcpyDefault) return;
  require(kind >= cudaMemcpyHostToHost && kind <= cudaMemcpyDeviceToDevice,
          cudaErrorInvalidMemcpyDirection);
  const bool says_to = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool says_from = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (is_said(says_to, to) && is_said(says_from, from)) return;
  const auto side = [](bool device) { return device ? "device" : "host"; };
  fail(cudaErrorInvalidValue, std::string("cudaMemcpy: the kind says ") + side(says_from) + " to " +
                                  side(says_to) + ", the addresses are " +
                                  side(memory().is_device(number(from))) + " to " +
                                  side(memory().is_device(number(to))));
}

Box box_of(const cudaPitchedPtr& p, const cudaPos& pos, size_t rows) {
  const size_t slice_rows = p.ysize != 0 ? p.ysize : rows;
  auto* base = static_cast<std::byte*>(p.ptr) + (pos.z * slice_rows + pos.y) * p.pitch + pos.x;
  return {base, p.pitch, slice_rows};
}

}  // namespace

void copy(Box to, Box from, Extent extent, cudaMemcpyKind kind) {
  count_call(FaultKind::memcpy);
  if (empty(extent)) return;
  require(to.base && from.base, cudaErrorInvalidValue);
  check_pitch(to, extent);
  check_pitch(from, extent);
  const bool to_device = memory().is_device(number(to.base));
  const bool from_device = memory().is_device(number(from.base));
  check_kind(kind, to.base, from.base);
  std::byte* const out = view(to.base, span_of(to, extent), to_device, "copy's destination");
  const std::byte* const in = view(from.base, span_of(from, extent), from_device, "copy's source");
  for_rows(extent, [&](size_t z, size_t y) {
    std::memmove(out + offset_of(to, z, y), in + offset_of(from, z, y), extent.width);
    if (to_device) memory().set_written(number(to.base) + offset_of(to, z, y), extent.width, true);
  });
}

void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  copy({to, bytes, 1}, {const_cast<void*>(from), bytes, 1}, {.width = bytes}, kind);
}

void copy_3d(const cudaMemcpy3DParms& p) {
  if (p.srcArray || p.dstArray)
    fail(cudaErrorNotSupported, "cudaMemcpy3D: cudaArray is not supported by the virtual GPU");
  copy(box_of(p.dstPtr, p.dstPos, p.extent.height), box_of(p.srcPtr, p.srcPos, p.extent.height),
       {p.extent.width, p.extent.height, p.extent.depth}, p.kind);
}

void* inside_symbol(const void* symbol, size_t bytes, size_t offset) {
  const auto found = Modules::get().symbol(symbol);
  require(offset <= found.size && bytes <= found.size - offset, cudaErrorInvalidValue);
  return pointer(found.address + offset);
}

void fill(Box to, unsigned value, Extent extent, unsigned element_size) {
  if (empty(extent)) return;
  require(to.base, cudaErrorInvalidValue);
  check_pitch(to, extent);
  const bool device = memory().is_device(number(to.base));
  require(device || find_pinned(to.base), cudaErrorInvalidValue);
  std::byte* const out = view(to.base, span_of(to, extent), device, "cudaMemset");
  for_rows(extent, [&](size_t z, size_t y) {
    std::byte* const row = out + offset_of(to, z, y);
    if (device) memory().set_written(number(to.base) + offset_of(to, z, y), extent.width, true);
    if (element_size == 1) {
      std::memset(row, static_cast<int>(value), extent.width);
      return;
    }
    for (size_t x = 0; x < extent.width; x += element_size)
      std::memcpy(row + x, &value, element_size);  // the low bytes: hosts are little-endian
  });
}

}  // namespace cudart
