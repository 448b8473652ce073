#include <string_view>

#include "kernels/detail/epilogue.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/neighbours.cuh"
#include "kernels/detail/unfused.h"

namespace tconv::detail {
namespace {

constexpr std::string_view kSuffix = "_unfused";
constexpr int kThreads = 256;
constexpr int kElements = 4;  ///< per thread: one vector load and store where y allows it

// y[i] = epilogue(y[i], channel of i). Memory-bound: one thread per kElements neighbours. In nchw a
// channel has `inner` neighbours, in nhwc one.
template <class E>
__global__ void __launch_bounds__(kThreads)
    epilogue_kernel(E* __restrict__ y, int64_t size, int64_t inner, int channels,
                    OutputEpilogue epilogue, bool aligned) {
  const int64_t first = (int64_t{blockIdx.x} * kThreads + threadIdx.x) * kElements;
  if (first >= size) return;
  const auto channel = [&](int64_t i) { return static_cast<int>(i / inner % channels); };
  if (first + kElements <= size) {
    float held[kElements];
    load(held, y + first, aligned);
#pragma unroll
    for (int j = 0; j < kElements; ++j) held[j] = epilogue(held[j], channel(first + j));
    store(y + first, held, aligned);
  } else {
    for (int64_t i = first; i < size; ++i) y[i] = narrow<E>(epilogue(widen(y[i]), channel(i)));
  }
}

Config without_epilogue(Config config) {
  config.epilogue = Epilogue::none;
  return config;
}

Call without_epilogue(const Call& call) {
  Call plain = call;
  plain.config = without_epilogue(call.config);
  plain.bias = nullptr;
  return plain;
}

int64_t blocks(const Problem& p) { return divide_up(p.y_size(), int64_t{kThreads} * kElements); }

std::string refuse(const Problem& p, const Config& config) {
  if (config.epilogue == Epilogue::none)
    return "epilogue none: nothing to leave to a second launch";
  if (p.out_channels > kIndexLimit) return "more output channels than 32 bits number";
  return refuse_grid(blocks(p));
}

void launch_epilogue(const Call& call) {
  const Problem& p = call.problem;
  with_element(call.config.dtype, [&](auto element) {
    using E = decltype(element);
    auto* const y = static_cast<E*>(call.y);
    const int64_t inner = call.config.layout == Layout::nchw ? p.out_spatial() : 1;
    launch(epilogue_kernel<E>, blocks(p), kThreads, call.stream, y, p.y_size(), inner,
           static_cast<int>(p.out_channels), epilogue_of(call), lies_on<kElements>(y));
  });
}

}  // namespace

Strategy unfused(const Strategy& plain) {
  Strategy s = plain;
  s.name = plain.name + std::string(kSuffix);
  s.summary = plain.name + ", then the epilogue as a launch of its own";
  s.supports = [plain](const Problem& p, const Config& config) {
    const std::string reason = refuse(p, config);
    return reason.empty() ? plain.supports(p, without_epilogue(config)) : reason;
  };
  s.workspace = [plain](const Problem& p, const Config& config) {
    return plain.workspace(p, without_epilogue(config));
  };
  if (plain.macs_executed) {
    s.macs_executed = [plain](const Problem& p, const Config& config) {
      return plain.macs_executed(p, without_epilogue(config));
    };
  }
  s.deterministic = [plain](const Problem& p, const Config& config) {
    return plain.deterministic(p, without_epilogue(config));
  };
  if (plain.prepare) {
    s.prepare = [plain](const Call& call) { return plain.prepare(without_epilogue(call)); };
  }
  s.launch = [plain](const Call& call) {
    plain.launch(without_epilogue(call));
    launch_epilogue(call);
  };
  return s;
}

bool is_unfused(const Strategy& s) { return std::string_view(s.name).ends_with(kSuffix); }

const std::vector<Strategy>& strategies_and_unfused() {
  static const std::vector<Strategy> all = [] {
    std::vector<Strategy> both;
    for (const Strategy& s : strategies()) {
      both.push_back(s);
      if (s.op == Op::fprop) both.push_back(unfused(s));
    }
    return both;
  }();
  return all;
}

}  // namespace tconv::detail
