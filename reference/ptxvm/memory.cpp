// The arena. Two reservations of equal size: device addresses are in the first, which nobody can
// dereference; the bytes are in the second, at a fixed distance. Untouched pages of either cost
// nothing.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <sys/mman.h>
#include <unistd.h>

#include "reference/ptxvm/memory_view.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMargin = uint64_t{1} << 20;  // unused at both ends: vector loads may overhang
constexpr uint64_t kLargestGap = uint64_t{1} << 20;
constexpr uint64_t kSpaceFactor =
    4;  // address space per byte of capacity: room for gaps and for not reusing it soon
// Same addresses in every run where the host has them free. ThreadSanitizer keeps that range to
// itself.
#ifdef __SANITIZE_THREAD__
constexpr uint64_t kWantedBase = 0;
#else
constexpr uint64_t kWantedBase = 0x0000'2000'0000'0000;
#endif

uint64_t round_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

/// Fresh pages in place of these.
void renew(void* at, uint64_t bytes, int protection) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(at, bytes, protection, flags, -1, 0) == MAP_FAILED)
    throw std::runtime_error(std::string("ptxvm: cannot renew pages: ") + std::strerror(errno));
}

/// A page that nobody wrote stays unbacked.
bool is_zero(const std::byte* page) {
  return page[0] == std::byte{} && std::memcmp(page, page + 1, kPage - 1) == 0;
}

/// Address space from the system, given back at the end.
class Reservation {
 public:
  Reservation(uint64_t bytes, int protection, uint64_t wanted = 0) : bytes_(bytes) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* at = wanted ? mmap(reinterpret_cast<void*>(wanted), bytes, protection,
                             flags | MAP_FIXED_NOREPLACE, -1, 0)
                      : MAP_FAILED;
    if (at == MAP_FAILED) at = mmap(nullptr, bytes, protection, flags, -1, 0);
    if (at == MAP_FAILED)
      throw std::runtime_error("ptxvm: cannot reserve " + std::to_string(bytes) +
                               " bytes of address space: " + std::strerror(errno));
    base_ = static_cast<std::byte*>(at);
  }
  ~Reservation() { munmap(base_, bytes_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  std::byte* data() const { return base_; }

 private:
  std::byte* base_;
  uint64_t bytes_;
};

}  // namespace

struct Memory::Impl {
  explicit Impl(uint64_t capacity_)
      : capacity(capacity_),
        space(round_up(capacity * kSpaceFactor + 2 * kMargin, kPage)),
        device(space, PROT_NONE, kWantedBase),
        bytes(space, PROT_READ | PROT_WRITE),
        marks(2 * (space / kSectorBytes), PROT_READ | PROT_WRITE),
        base(reinterpret_cast<uint64_t>(device.data())),
        cursor(base + kMargin) {}

  uint64_t begin() const { return base + kMargin; }
  uint64_t end() const { return base + space - kMargin; }

  /// First address at or after `from` where `size` bytes and a gap on both sides are free; 0 if
  /// there is none before the end.
  uint64_t fit(uint64_t from, uint64_t size, uint64_t alignment, uint64_t gap) const;

  const uint64_t capacity, space;
  Reservation device, bytes, marks;
  std::optional<Reservation> unwritten, races;  // of the checks; races: writes, then reads
  const uint64_t base;
  uint64_t
      cursor;  // allocations go upwards from here, so that freed addresses stay unused for long
  uint64_t used = 0;
  uint8_t epoch = 0;
  std::map<uint64_t, Allocation> live, freed;
  std::set<uint64_t> shown;  // live allocations that the host sees
  mutable std::shared_mutex mutex;
};

uint64_t Memory::Impl::fit(uint64_t from, uint64_t size, uint64_t alignment, uint64_t gap) const {
  uint64_t at = round_up(from, alignment);
  auto next = live.lower_bound(at);
  if (next != live.begin()) {
    const Allocation& before = std::prev(next)->second;
    at = std::max(at, round_up(before.address + before.size + gap, alignment));
  }
  for (; at + size <= end(); ++next) {
    if (next == live.end() || at + size + gap <= next->first) return at;
    at = round_up(next->second.address + next->second.size + gap, alignment);
  }
  return 0;
}

Memory::Memory(uint64_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
Memory::~Memory() = default;

uint64_t Memory::allocate(uint64_t size, std::string label, uint64_t alignment, bool constant) {
  Impl& m = *impl_;
  const std::unique_lock lock(m.mutex);
  if (size == 0 || size > m.capacity - m.used) return 0;
  alignment = std::max<uint64_t>(alignment, 256);
  // The gap behind an allocation is as large as the allocation, within limits: a whole row too far
  // is still nobody's memory.
  const uint64_t gap = std::clamp<uint64_t>(round_up(size, 256), 256, kLargestGap);
  uint64_t at = m.fit(m.cursor, size, alignment, gap);
  if (!at) at = m.fit(m.begin(), size, alignment, gap);
  if (!at) at = m.fit(m.begin(), size, alignment, 256);
  if (!at) return 0;
  m.cursor = at + size;
  m.used += size;
  auto stale = m.freed.lower_bound(at);
  if (stale != m.freed.begin() &&
      std::prev(stale)->second.address + std::prev(stale)->second.size > at)
    --stale;
  while (stale != m.freed.end() && stale->first < at + size) stale = m.freed.erase(stale);
  m.live.emplace(at, Allocation{at, size, std::move(label), constant});
  return at;
}

bool Memory::release(uint64_t address) {
  Impl& m = *impl_;
  const std::unique_lock lock(m.mutex);
  const auto found = m.live.find(address);
  if (found == m.live.end()) return false;
  const Allocation& a = found->second;
  m.used -= a.size;
  // Whole pages go back to the system; the rest of the first and last one may be shared with
  // neighbours.
  const uint64_t first = round_up(a.address, kPage), last = (a.address + a.size) / kPage * kPage;
  if (first < last && m.shown.contains(address)) {
    renew(reinterpret_cast<void*>(first), last - first, PROT_NONE);
    renew(host(first), last - first, PROT_READ | PROT_WRITE);
  } else if (first < last) {
    madvise(host(first), last - first, MADV_DONTNEED);
  }
  m.shown.erase(address);
  m.freed.insert(m.live.extract(found));
  return true;
}

const Memory::Allocation* Memory::find(uint64_t address, uint64_t size) const {
  const std::shared_lock lock(impl_->mutex);
  auto after = impl_->live.upper_bound(address);
  if (after == impl_->live.begin()) return nullptr;
  const Allocation& a = std::prev(after)->second;
  const uint64_t offset = address - a.address;
  return offset < a.size && size <= a.size - offset ? &a : nullptr;
}

namespace {

/// The entry of `map` that holds the address, or null.
const Memory::Allocation* holder(const std::map<uint64_t, Memory::Allocation>& map,
                                 uint64_t address) {
  auto after = map.upper_bound(address);
  if (after == map.begin()) return nullptr;
  const auto& a = std::prev(after)->second;
  return address - a.address < a.size ? &a : nullptr;
}

}  // namespace

std::optional<Neighbour> Memory::neighbour(uint64_t address) const {
  const std::shared_lock lock(impl_->mutex);
  const auto& live = impl_->live;
  if (const Allocation* a = holder(live, address)) return Neighbour{*a, false};
  if (const Allocation* a = holder(impl_->freed, address)) return Neighbour{*a, true};
  if (live.empty()) return std::nullopt;
  const auto after = live.upper_bound(address);
  const uint64_t above = after == live.end() ? ~uint64_t{0} : after->first - address;
  const Allocation* before = after == live.begin() ? nullptr : &std::prev(after)->second;
  const uint64_t below = before ? address - (before->address + before->size) : ~uint64_t{0};
  return Neighbour{below <= above ? *before : after->second, false};
}

std::string Memory::describe(uint64_t address) const {
  const std::optional<Neighbour> found = neighbour(address);
  if (!found) return "there is no allocation";
  const Allocation& a = found->allocation;
  const auto text = [&](uint64_t bytes, const char* where) {
    return std::to_string(bytes) + " bytes " + where + " allocation " + hex(a.address) + " of " +
           std::to_string(a.size) + " bytes (" + a.label + ")";
  };
  if (address < a.address) return text(a.address - address, "before");
  if (address - a.address >= a.size) return text(address - a.address - a.size, "after the end of");
  return text(address - a.address, found->freed ? "into freed" : "into");
}

bool Memory::was_released(uint64_t address) const {
  const std::shared_lock lock(impl_->mutex);
  return holder(impl_->freed, address) != nullptr;
}

std::byte* Memory::host(uint64_t address) const {
  return impl_->bytes.data() + (address - impl_->base);
}
// The same pages at both addresses: a file without a name takes over what lay at the second one,
// and is mapped twice.
bool Memory::show_to_host(uint64_t address) {
  Impl& m = *impl_;
  const std::unique_lock lock(m.mutex);
  const auto found = m.live.find(address);
  if (found == m.live.end()) return false;
  const uint64_t first = address / kPage * kPage;
  const uint64_t bytes = round_up(address + found->second.size, kPage) - first;
  auto* const seen = reinterpret_cast<std::byte*>(first);
  const int file = memfd_create("ptxvm", MFD_CLOEXEC);
  if (file < 0) return false;
  const auto map = [&](std::byte* at) {
    return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, file,
                0) != MAP_FAILED;
  };
  bool ok = ftruncate(file, static_cast<off_t>(bytes)) == 0 && map(seen);
  if (ok) {
    for (uint64_t at = 0; at < bytes; at += kPage)
      if (!is_zero(host(first + at))) std::memcpy(seen + at, host(first + at), kPage);
    ok = map(host(first));
    if (!ok) renew(seen, bytes, PROT_NONE);
  }
  close(file);
  if (ok) m.shown.insert(address);
  return ok;
}
bool Memory::is_device(uint64_t address) const { return address - impl_->base < impl_->space; }
uint64_t Memory::used() const { return impl_->used; }
uint64_t Memory::capacity() const { return impl_->capacity; }

std::vector<Memory::Allocation> Memory::live() const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<Allocation> all;
  for (const auto& [address, allocation] : impl_->live) all.push_back(allocation);
  return all;
}

void Memory::set_written(uint64_t address, uint64_t size, bool written) {
  if (!impl_->unwritten || !is_device(address)) return;
  auto* entries = reinterpret_cast<uint8_t*>(impl_->unwritten->data());
  const uint64_t begin = address - impl_->base, end = begin + size;
  const uint64_t first = round_up(begin, 4), last = end / 4 * 4;
  const auto byte = [&](uint64_t at) {
    const auto bit = uint8_t(1u << at % 4);
    entries[at / 4] = written ? entries[at / 4] & uint8_t(~bit) : entries[at / 4] | bit;
  };
  for (uint64_t at = begin; at < std::min(first, end); ++at) byte(at);
  if (first < last) std::memset(entries + first / 4, written ? 0 : 15, (last - first) / 4);
  for (uint64_t at = std::max(last, std::min(first, end)); at < end; ++at) byte(at);
}

void MemoryView::enable(Memory& memory, const Checks& checks) {
  Memory::Impl& m = *memory.impl_;
  if (checks.init) m.unwritten.emplace(m.space / 4, PROT_READ | PROT_WRITE);
  if (checks.race) m.races.emplace(m.space * 4, PROT_READ | PROT_WRITE);
}

MemoryView MemoryView::begin(Memory& memory) {
  Memory::Impl& m = *memory.impl_;
  const std::unique_lock lock(m.mutex);
  const uint64_t sectors = m.space / kSectorBytes;
  auto* marks = reinterpret_cast<uint8_t*>(m.marks.data());
  if (++m.epoch == MemoryView::kNoMark) {  // all marks used up: fresh zero pages, and 0 means never
    madvise(marks, 2 * sectors, MADV_DONTNEED);
    m.epoch = 1;
  }
  MemoryView view;
  view.host_bias = m.bytes.data() - m.base;
  view.read_marks = marks - m.base / kSectorBytes;
  view.write_marks = view.read_marks + sectors;
  view.mark = view.epoch = m.epoch;
  view.arena_begin = m.base;
  view.arena_bytes = m.space;
  if (m.unwritten) view.unwritten = reinterpret_cast<uint8_t*>(m.unwritten->data()) - m.base / 4;
  if (m.races) {
    madvise(m.races->data(), m.space * 4, MADV_DONTNEED);
    view.writes = reinterpret_cast<uint64_t*>(m.races->data()) - m.base / 4;
    view.reads = view.writes + m.space / 4;
  }
  return view;
}

}  // namespace ptxvm
