#include "bench/device_problem.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace tconv::bench {
namespace {

constexpr size_t kWorkspace = 3;
constexpr size_t kBias = 4;

int64_t stored_bytes(const Row& row, Tensor tensor) {
  return shape_of(row.problem, tensor).size() * size_of(row.config.dtype);
}

}  // namespace

DeviceProblem::DeviceProblem(const Row& row, int64_t workspace_bytes, int64_t guard_bytes,
                             cudaStream_t stream)
    : row_(row), output_(output_of(row.strategy->op)), stream_(stream) {
  const bool has_bias = row.config.epilogue != Epilogue::none;
  const int64_t stored = size_of(row.config.dtype), plain = sizeof(float);
  const auto add = [&](const char* name, int64_t bytes, int64_t element) {
    buffers_.push_back({name, {bytes, guard_bytes}, {}, element});
  };
  add("x", stored_bytes(row, Tensor::x), stored);
  add("w", stored_bytes(row, Tensor::w), stored);
  add("y", stored_bytes(row, Tensor::y), stored);
  add("workspace", workspace_bytes, stored);
  add("bias", has_bias ? row.problem.out_channels * plain : 0, plain);
}

void DeviceProblem::load(const Inputs& inputs) {
  prepared_.reset();
  for (const Tensor tensor : {Tensor::x, Tensor::w, Tensor::y}) {
    if (tensor == output_) continue;
    Named& named = buffers_[static_cast<size_t>(tensor)];
    named.expected = encode(inputs.host(tensor), shape_of(row_.problem, tensor), row_.config);
    named.buffer.upload(named.expected);
  }
  Named& bias = buffers_[kBias];
  const auto bytes = std::as_bytes(std::span(inputs.bias));
  bias.expected.assign(bytes.begin(), bytes.end());
  bias.buffer.upload(bias.expected);
  poison();
}

void DeviceProblem::poison() {
  buffer(output_).poison();
  buffers_[kWorkspace].buffer.poison();
  // The blocking memset of the default stream does not order a stream created non-blocking.
  TCONV_CUDA(cudaDeviceSynchronize());
}

Call DeviceProblem::call() {
  return {.problem = row_.problem,
          .config = row_.config,
          .x = buffer(Tensor::x).data(),
          .w = buffer(Tensor::w).data(),
          .y = buffer(Tensor::y).data(),
          .bias = static_cast<const float*>(buffers_[kBias].buffer.data()),
          .workspace = buffers_[kWorkspace].buffer.data(),
          .prepared = prepared_.get(),
          .stream = stream_};
}

void DeviceProblem::prepare() {
  prepared_.reset();
  if (row_.strategy->prepare) prepared_ = row_.strategy->prepare(call());
}

void DeviceProblem::launch() {
  row_.strategy->launch(call());
  TCONV_CUDA(cudaGetLastError());
}

void DeviceProblem::synchronise() const { TCONV_CUDA(cudaStreamSynchronize(stream_)); }

std::vector<float> DeviceProblem::output() const {
  return decode(output_bytes(), shape_of(row_.problem, output_), row_.config);
}

std::string DeviceProblem::damage() const {
  for (const Named& named : buffers_) {
    const std::string outside = named.buffer.damage();
    if (!outside.empty()) return fmt::format("wrote outside {}: {}", named.name, outside);
    if (named.expected.empty()) continue;
    const std::vector<std::byte> now = named.buffer.download();
    const auto [before, after] =
        std::mismatch(named.expected.begin(), named.expected.end(), now.begin());
    if (before != named.expected.end()) {
      return fmt::format("changed its input {} at element {}", named.name,
                         (after - now.begin()) / named.element);
    }
  }
  return {};
}

}  // namespace tconv::bench
