#include "reference/ptxvm/builtin.h"

#include <bit>
#include <cstring>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/printf.h"
#include "reference/ptxvm/schedule.h"

namespace ptxvm {
namespace {

constexpr uint64_t kMaxText = 4096;

/// `size` bytes at a generic address of one thread; false if they are no readable memory.
bool read(const Warp& warp, uint32_t lane, uint64_t address, void* to, uint64_t size) {
  const Cta& cta = *warp.cta;
  if (in_window(address, kLocalWindow)) {
    const uint64_t offset = address - kLocalWindow;
    if (offset + size > warp.local_bytes) return false;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t at = offset + i;
      static_cast<std::byte*>(to)[i] = warp.local[at / 4 * 4 * kLanes + lane * 4 + at % 4];
    }
    return true;
  }
  if (in_window(address, kSharedWindow)) {
    const uint64_t offset = address - kSharedWindow;
    if (offset + size > cta.shared_bytes) return false;
    std::memcpy(to, cta.shared + offset, size);
    return true;
  }
  if (!cta.grid.memory->find(address, size)) return false;
  std::memcpy(to, cta.grid.memory->host(address), size);
  return true;
}

std::string text_at(const Warp& warp, uint32_t lane, uint64_t address) {
  std::string text;
  for (char c = 0; text.size() < kMaxText && read(warp, lane, address + text.size(), &c, 1) && c;)
    text += c;
  return text;
}

/// int vprintf(const char* format, const void* arguments): arguments lie one after the other, each
/// aligned to its size.
void print(Warp& warp, const CallSite& site, uint32_t lane) {
  const uint64_t format = argument(warp, site.arguments[0], lane),
                 packed = argument(warp, site.arguments[1], lane);
  int converted = 0;
  const std::string text = format_printf(
      text_at(warp, lane, format),
      [&](uint64_t offset, void* to, uint64_t size) {
        return read(warp, lane, packed + offset, to, size);
      },
      [&](uint64_t address) { return text_at(warp, lane, address); }, converted);
  if (!site.results.empty()) set_result(warp, site.results[0], lane, uint64_t(converted));
  Grid& grid = warp.cta->grid;
  const std::lock_guard lock(grid.printing);
  grid.print(text);
}

/// void __assertfail(const char* message, const char* file, unsigned line, const char* function,
/// size_t char_size).
[[noreturn]] void fail_assertion(Warp& warp, const Op* op, const CallSite& site, uint32_t lane) {
  const std::string text = text_at(warp, lane, argument(warp, site.arguments[1], lane)) + ":" +
                           std::to_string(uint32_t(argument(warp, site.arguments[2], lane))) +
                           ": " + text_at(warp, lane, argument(warp, site.arguments[3], lane)) +
                           ": `" + text_at(warp, lane, argument(warp, site.arguments[0], lane)) +
                           "`";
  raise(warp, op, TrapKind::assertion, int(lane), text.c_str());
}

}  // namespace

const Op* call_builtin(Warp& warp, const Op* op, const CallSite& site) {
  const auto first = uint32_t(std::countr_zero(warp.mask));
  if (site.callee == "__assertfail" && site.arguments.size() >= 4)
    fail_assertion(warp, op, site, first);
  if (site.callee != "vprintf" || site.arguments.size() < 2)
    raise(warp, op, TrapKind::illegal_instruction, -1,
          ("the function " + site.callee + " is not part of this machine").c_str());
  for (uint32_t m = warp.mask; m; m &= m - 1) print(warp, site, uint32_t(std::countr_zero(m)));
  return op + 1;
}

}  // namespace ptxvm
