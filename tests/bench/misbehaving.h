// Strategies that run on the host and go wrong in one chosen way: what the checks have to notice.
#pragma once

#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include <cuda_runtime_api.h>

#include "bench/tensor.h"
#include "kernels/detail/cuda_check.h"
#include "kernels/strategy.h"
#include "reference/conv_transpose.h"

namespace tconv::bench {

inline std::vector<float> from_device(const void* device, int64_t size) {
  std::vector<float> host(static_cast<size_t>(size));
  TCONV_CUDA(cudaMemcpy(host.data(), device, host.size() * sizeof(float), cudaMemcpyDeviceToHost));
  return host;
}

inline void to_device(void* device, const std::vector<float>& host) {
  TCONV_CUDA(cudaMemcpy(device, host.data(), host.size() * sizeof(float), cudaMemcpyHostToDevice));
}

/// The right answer, by the oracle.
inline std::vector<float> right_answer(const Call& call) {
  const Problem& p = call.problem;
  const auto oracle =
      gather_oracle(p, from_device(call.x, p.x_size()), from_device(call.w, p.w_size()));
  return {oracle.value.begin(), oracle.value.end()};
}

/// A strategy that writes the right answer after `spoil` had its way with it and with the call.
inline Strategy strategy_with(std::function<void(const Call&, std::vector<float>&)> spoil) {
  Strategy s;
  s.name = "fake";
  s.supports = [](const Problem&, const Config&) { return std::string(); };
  s.macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); };
  s.launch = [spoil](const Call& call) {
    std::vector<float> y = right_answer(call);
    spoil(call, y);
    to_device(call.y, y);
  };
  return s;
}

}  // namespace tconv::bench
