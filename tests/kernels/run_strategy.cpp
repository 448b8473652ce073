#include "tests/kernels/run_strategy.h"

#include <array>
#include <utility>

#include "bench/guarded_buffer.h"
#include "bench/tensor.h"
#include "kernels/detail/cuda_check.h"
#include "kernels/detail/device_buffer.h"
#include "reference/alternatives.h"
#include "reference/epilogue.h"

namespace tconv {
namespace {

using bench::GuardedBuffer;
using bench::Tensor;
using bench::TensorShape;

constexpr int64_t kBand = 256;  // bytes

/// One tensor of a call: what went in, and the memory it went to.
struct Operand {
  Operand(Tensor tensor, const Problem& p, const Config& config, const std::vector<float>& values,
          bool is_output_, int64_t misalign)
      : shape(shape_of(p, tensor)),
        is_output(is_output_),
        memory(shape.size() * size_of(config.dtype), kBand, misalign * size_of(config.dtype)) {
    if (is_output) {
      memory.poison();
    } else {
      stored = encode(values, shape, config);
      memory.upload(stored);
    }
  }

  /// Empty, or what a launch must not have done to it.
  std::string damage() const {
    const char* const name = is_output ? "the output" : "an input";
    if (std::string outside = memory.damage(); !outside.empty()) {
      return std::string("written outside of ") + name + ": " + outside;
    }
    return is_output || memory.download() == stored ? "" : "an input was written";
  }

  TensorShape shape;
  bool is_output;
  GuardedBuffer memory;
  std::vector<std::byte> stored;  ///< of an input
};

Run apply_or_throw(const Strategy& strategy, const Problem& p, const Config& config,
                   const Tensors& data, int64_t misalign) {
  if (const std::string reason = refusal(strategy, p, config); !reason.empty()) {
    return {"refused: " + reason, {}};
  }
  const auto operand = [&](Tensor tensor, const std::vector<float>& values) {
    const bool is_output = bench::output_of(strategy.op) == tensor;
    return Operand(tensor, p, config, values, is_output, misalign);
  };
  const std::array operands{operand(Tensor::x, data.x), operand(Tensor::w, data.w),
                            operand(Tensor::y, data.y)};
  const DeviceBuffer<float> bias{std::span<const float>(data.bias)};
  GuardedBuffer workspace(strategy.workspace(p, config), kBand);
  workspace.poison();

  Call call{.problem = p,
            .config = config,
            .x = operands[0].memory.data(),
            .w = operands[1].memory.data(),
            .y = operands[2].memory.data(),
            .bias = data.bias.empty() ? nullptr : bias.data(),
            .workspace = workspace.data(),
            .prepared = nullptr,
            .stream = nullptr};
  std::unique_ptr<Prepared> prepared;
  if (strategy.prepare) prepared = strategy.prepare(call);
  call.prepared = prepared.get();
  strategy.launch(call);
  TCONV_CUDA(cudaDeviceSynchronize());

  Run result;
  if (std::string outside = workspace.damage(); !outside.empty()) {
    result.failure = "written outside of the workspace: " + outside;
  }
  for (const Operand& o : operands) {
    if (std::string damage = o.damage(); !damage.empty()) result.failure = std::move(damage);
    if (bias.download() != data.bias) result.failure = "the bias was written";
    if (o.is_output) result.output = decode(o.memory.download(), o.shape, config);
  }
  return result;
}

OracleResult oracle(Op op, const Problem& p, const Tensors& data) {
  switch (op) {
    case Op::fprop:
      return gather_oracle(p, data.x, data.w);
    case Op::dgrad:
      return dgrad_oracle(p, data.y, data.w);
    case Op::wgrad:
      return wgrad_oracle(p, data.x, data.y);
    case Op::resize_nearest:
    case Op::resize_bilinear:
    case Op::pixel_shuffle:
      return alternative_gather_oracle(op, p, data.x, data.w);
  }
  return {};
}

/// The data of a case and the oracle's answer, its epilogue included.
Tensors make_data(Op op, const Problem& p, DataMode mode, uint64_t seed, const Config& config) {
  const bool has_epilogue = config.epilogue != Epilogue::none;
  const int64_t terms = max_terms(op, p) + has_epilogue;
  Tensors data = make_tensors(p, mode, seed, terms, config.dtype);
  if (!has_epilogue) return data;
  data.bias.resize(static_cast<size_t>(p.out_channels));
  fill(data.bias, mode, config.dtype, seed + 3, terms);
  if (config.epilogue == Epilogue::bias_tanh)
    scale_to_unit_sums(p, config.dtype, data.x, data.w, data.bias);
  return data;
}

OracleResult answer(Op op, const Problem& p, DataMode mode, const Config& config,
                    const Tensors& data) {
  OracleResult want = oracle(op, p, data);
  apply_epilogue(p, config.epilogue, config.dtype, mode, data.bias, want);
  return want;
}

void negate(std::vector<float>& values) {
  for (float& v : values) v = -v;
}

}  // namespace

Tensors make_tensors(const Problem& p, DataMode mode, uint64_t seed, int64_t terms, DType dtype) {
  Tensors t{std::vector<float>(static_cast<size_t>(p.x_size())),
            std::vector<float>(static_cast<size_t>(p.w_size())),
            std::vector<float>(static_cast<size_t>(p.y_size()))};
  fill(t.x, mode, dtype, seed, terms);
  fill(t.w, mode, dtype, seed + 1, terms);
  fill(t.y, mode, dtype, seed + 2, terms);
  return t;
}

Case::Case(Op op_, const Problem& p, DataMode mode_, uint64_t seed, const Config& config_)
    : op(op_),
      problem(p),
      mode(checkable(op_, mode_)),
      config(config_),
      data(make_data(op_, p, mode, seed, config_)),
      want(answer(op_, p, mode, config_, data)) {
  if (want.clipped == 0 || want.clipped < std::ssize(want.value)) return;
  // Nothing but clipped sums proves nothing; with the other sign, none is.
  negate(data.w);
  negate(data.bias);
  want = answer(op, p, mode, config, data);
}

Run apply(const Strategy& strategy, const Problem& problem, const Config& config,
          const Tensors& data, int64_t misalign) {
  try {
    return apply_or_throw(strategy, problem, config, data, misalign);
  } catch (const CudaError& error) {
    return {error.what(), {}};
  }
}

Run run_strategy(const Strategy& strategy, const Case& c, int64_t misalign) {
  if (strategy.op != c.op) return {"a case of another op", {}};
  Run result = apply(strategy, c.problem, c.config, c.data, misalign);
  if (!result.failure.empty()) return result;
  const std::vector<int64_t> dims = shape_of(c.problem, bench::output_of(c.op)).dims;
  const Comparison comparison = compare(result.output, c.want, dims, c.config.dtype, c.mode);
  if (comparison.verdict != Verdict::passed) result.failure = comparison.reason;
  result.mistrusted = comparison.verdict == Verdict::mistrusted;
  return result;
}

}  // namespace tconv
