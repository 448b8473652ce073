#include "bench/guarded_buffer.h"

#include <algorithm>

#include <fmt/format.h>

namespace tconv::bench {
namespace {

constexpr int kCanary = 0xA5;
constexpr int kPoison = 0xFF;

std::vector<std::byte> copy_out(const std::byte* device, int64_t bytes) {
  std::vector<std::byte> host(static_cast<size_t>(bytes));
  if (bytes > 0) TCONV_CUDA(cudaMemcpy(host.data(), device, host.size(), cudaMemcpyDeviceToHost));
  return host;
}

/// `origin`: offset of the band's first byte from what the message counts from.
std::string band_damage(const std::vector<std::byte>& band, int64_t origin,
                        std::string_view where) {
  const auto changed = [](std::byte b) { return b != std::byte{kCanary}; };
  const auto first = std::find_if(band.begin(), band.end(), changed);
  if (first == band.end()) return {};
  return fmt::format("{} bytes changed {}, the first at {:+}",
                     std::count_if(first, band.end(), changed), where,
                     origin + (first - band.begin()));
}

}  // namespace

GuardedBuffer::GuardedBuffer(int64_t size, int64_t guard)
    : size_(size), guard_(guard), buffer_(size + 2 * guard) {
  if (guard == 0) return;
  TCONV_CUDA(cudaMemset(buffer_.data(), kCanary, static_cast<size_t>(guard)));
  TCONV_CUDA(cudaMemset(buffer_.data() + guard + size, kCanary, static_cast<size_t>(guard)));
}

void GuardedBuffer::upload(std::span<const std::byte> host) {
  if (!host.empty())
    TCONV_CUDA(cudaMemcpy(data(), host.data(), host.size(), cudaMemcpyHostToDevice));
}

std::vector<std::byte> GuardedBuffer::download() const {
  return copy_out(buffer_.data() + guard_, size_);
}

void GuardedBuffer::poison() {
  if (size_ > 0) TCONV_CUDA(cudaMemset(data(), kPoison, static_cast<size_t>(size_)));
}

std::string GuardedBuffer::damage() const {
  std::string before = band_damage(copy_out(buffer_.data(), guard_), -guard_, "before the start");
  if (!before.empty()) return before;
  return band_damage(copy_out(buffer_.data() + guard_ + size_, guard_), 0, "after the end");
}

}  // namespace tconv::bench
