// Strategy: one way to compute the operator on a device, and the registry that every file in
// kernels/ adds itself to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "reference/problem.h"

namespace tconv {

struct Config {
  DType dtype = DType::f32;
  Layout layout = Layout::nchw;
  Epilogue epilogue = Epilogue::none;  ///< of fprop only
};

/// What `prepare` made: repacked weights, a plan, a table. Owned by the caller, freed with its
/// device memory.
struct Prepared {
  virtual ~Prepared() = default;
  virtual std::string note() const {
    return {};
  }  ///< what a report should say of it: engine number, tile
};

/// One application. Device pointers, dense tensors in config.layout (weights: nchw [ic][oc/g][k..],
/// nhwc [ic][k..][oc/g]). fprop and its alternatives read x, w and write y; dgrad reads y (its
/// gradient), w and writes x; wgrad reads x, y and writes w.
struct Call {
  const Problem& problem;
  Config config;
  void* x;
  void* w;
  void* y;
  const float* bias;   ///< [out_channels]; null if config.epilogue is none
  void* workspace;     ///< `workspace` bytes, 256-byte aligned, contents undefined; null if 0
  Prepared* prepared;  ///< null if the strategy has no `prepare`
  cudaStream_t stream;
};

struct Strategy {
  std::string name;  ///< file stem: gather, scatter_atomic, ...
  Op op = Op::fprop;
  std::string summary;  ///< one line for --list
  /// Empty if it can, else a reason a user understands. Called before anything else below.
  std::function<std::string(const Problem&, const Config&)> supports;
  /// Scratch bytes that `launch` needs.
  std::function<int64_t(const Problem&, const Config&)> workspace = [](auto&&...) {
    return int64_t{0};
  };
  /// Multiply-adds that `launch` executes, padding and inserted zeros included; -1 if unknown (a
  /// vendor's kernel).
  std::function<int64_t(const Problem&, const Config&)> macs_executed;
  /// True if two runs must agree to the bit.
  std::function<bool(const Problem&, const Config&)> deterministic = [](auto&&...) { return true; };
  /// Once per problem, measured apart. Reads call.w; may leave null if there is nothing to prepare.
  std::function<std::unique_ptr<Prepared>(const Call&)> prepare = {};
  /// Enqueues the whole computation on call.stream; throws CudaError on a failed launch. Nothing is
  /// assumed of the output's contents.
  std::function<void(const Call&)> launch;
};

/// Empty if a strategy can, else why not: what holds for all of them, then what it says itself.
std::string refusal(const Strategy&, const Problem&, const Config&);

/// Every registered strategy, sorted by (op, name), so that link order cannot show.
const std::vector<Strategy>& strategies();
/// Used through TCONV_REGISTER_STRATEGY at the end of a strategy's file.
bool register_strategy(Strategy);

#define TCONV_REGISTER_STRATEGY(...)                                                \
  namespace {                                                                       \
  [[maybe_unused]] const bool registered = ::tconv::register_strategy(__VA_ARGS__); \
  }

}  // namespace tconv
