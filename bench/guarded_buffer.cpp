#include "bench/guarded_buffer.h"

#include <algorithm>

#include <fmt/format.h>

namespace tconv::bench {
namespace {

constexpr int kPoison = 0xFF;
/// No whole number in any format (-391.5 in f32, -3.9 in f16), so that a sum which reads a band
/// shows; no NaN, which would hide an atomic addition to it.
constexpr int kCanary = 0xC3;

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

GuardedBuffer::GuardedBuffer(int64_t size, int64_t guard, int64_t misalign)
    : size_(size), before_(guard + misalign), after_(guard), buffer_(size + 2 * guard + misalign) {
  const auto fill = [](std::byte* band, int64_t bytes) {
    if (bytes > 0) TCONV_CUDA(cudaMemset(band, kCanary, static_cast<size_t>(bytes)));
  };
  fill(buffer_.data(), before_);
  fill(buffer_.data() + before_ + size, after_);
}

void GuardedBuffer::upload(std::span<const std::byte> host) {
  if (!host.empty())
    TCONV_CUDA(cudaMemcpy(data(), host.data(), host.size(), cudaMemcpyHostToDevice));
}

std::vector<std::byte> GuardedBuffer::download() const {
  return copy_out(buffer_.data() + before_, size_);
}

void GuardedBuffer::poison() {
  if (size_ > 0) TCONV_CUDA(cudaMemset(data(), kPoison, static_cast<size_t>(size_)));
}

std::string GuardedBuffer::damage() const {
  std::string before = band_damage(copy_out(buffer_.data(), before_), -before_, "before the start");
  if (!before.empty()) return before;
  return band_damage(copy_out(buffer_.data() + before_ + size_, after_), 0, "after the end");
}

}  // namespace tconv::bench
