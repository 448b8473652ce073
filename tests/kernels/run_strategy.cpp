#include "tests/kernels/run_strategy.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <utility>

#include "kernels/detail/cuda_check.h"
#include "kernels/detail/device_buffer.h"

namespace tconv {
namespace {

constexpr int64_t kBand = 64;         // elements on each side: 256 bytes keep the alignment
constexpr float kBandValue = -77.0F;  // survives only if nobody writes it
const float kPoison = std::numeric_limits<float>::quiet_NaN();

/// A tensor between two bands of known values.
class Guarded {
 public:
  Guarded(std::vector<float> data, int64_t misalign) : size_(static_cast<int64_t>(data.size())) {
    before_.assign(static_cast<size_t>(kBand + misalign), kBandValue);
    start_ = kBand + misalign;
    before_.insert(before_.end(), data.begin(), data.end());
    before_.insert(before_.end(), static_cast<size_t>(kBand), kBandValue);
    buffer_ = DeviceBuffer<float>(std::span<const float>(before_));
  }

  float* data() const { return size_ == 0 ? nullptr : buffer_.data() + start_; }

  /// The tensor after the run; `intact`: the bands (and, for an input, the tensor itself) still
  /// hold what they held.
  std::vector<float> read(bool is_input, bool& intact) const {
    const std::vector<float> after = buffer_.download();
    const auto same = [&](int64_t first, int64_t last) {
      return std::memcmp(after.data() + first, before_.data() + first,
                         static_cast<size_t>(last - first) * sizeof(float)) == 0;
    };
    const int64_t end = start_ + size_;
    intact = same(0, start_) && same(end, end + kBand) && (!is_input || same(start_, end));
    return {after.begin() + start_, after.begin() + end};
  }

 private:
  int64_t size_, start_ = 0;
  std::vector<float> before_;
  DeviceBuffer<float> buffer_;
};

std::vector<float> poison(int64_t size) {
  return std::vector<float>(static_cast<size_t>(size), kPoison);
}

/// Dimensions of what an op writes, for messages.
std::vector<int64_t> output_dims(Op op, const Problem& p) {
  std::vector<int64_t> dims{op == Op::wgrad ? p.in_channels : p.batch,
                            op == Op::fprop   ? p.out_channels
                            : op == Op::dgrad ? p.in_channels
                                              : p.oc_per_group()};
  for (int axis = 3 - p.rank; axis < 3; ++axis) {
    const Axis& a = p.axes[static_cast<size_t>(axis)];
    dims.push_back(op == Op::fprop ? a.out : op == Op::dgrad ? a.in : a.kernel);
  }
  return dims;
}

Run apply_or_throw(const Strategy& strategy, const Problem& p, const Tensors& data,
                   int64_t misalign) {
  const Config config;
  if (const std::string reason = strategy.supports(p, config); !reason.empty()) {
    return {"refused: " + reason, {}};
  }
  const auto tensor = [&](Op written_by, const std::vector<float>& values, int64_t size) {
    return Guarded(strategy.op == written_by ? poison(size) : values, misalign);
  };
  const Guarded x = tensor(Op::dgrad, data.x, p.x_size());
  const Guarded w = tensor(Op::wgrad, data.w, p.w_size());
  const Guarded y = tensor(Op::fprop, data.y, p.y_size());
  const Guarded workspace(poison((strategy.workspace(p, config) + 3) / 4), 0);
  Call call{p, config, x.data(), w.data(), y.data(), nullptr, workspace.data(), nullptr, nullptr};
  std::unique_ptr<Prepared> prepared;
  if (strategy.prepare) prepared = strategy.prepare(call);
  call.prepared = prepared.get();
  strategy.launch(call);
  TCONV_CUDA(cudaDeviceSynchronize());

  Run result;
  bool intact = false;
  workspace.read(false, intact);
  if (!intact) result.failure = "written outside of the workspace";
  for (const auto& [buffer, written_by] :
       {std::pair(&x, Op::dgrad), std::pair(&w, Op::wgrad), std::pair(&y, Op::fprop)}) {
    const bool is_output = strategy.op == written_by;
    std::vector<float> after = buffer->read(!is_output, intact);
    if (!intact)
      result.failure = is_output ? "written outside of the output" : "an input was written";
    if (is_output) result.output = std::move(after);
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
  }
  return {};
}

}  // namespace

Tensors make_tensors(const Problem& p, DataMode mode, uint64_t seed, int64_t terms) {
  Tensors t{std::vector<float>(static_cast<size_t>(p.x_size())),
            std::vector<float>(static_cast<size_t>(p.w_size())),
            std::vector<float>(static_cast<size_t>(p.y_size()))};
  fill(t.x, mode, DType::f32, seed, terms);
  fill(t.w, mode, DType::f32, seed + 1, terms);
  fill(t.y, mode, DType::f32, seed + 2, terms);
  return t;
}

int64_t max_terms(Op op, const Problem& p) {
  return op == Op::fprop   ? p.ic_per_group() * p.taps()
         : op == Op::dgrad ? p.oc_per_group() * p.taps()
                           : p.batch * p.in_spatial();
}

Case::Case(Op op_, const Problem& p, DataMode mode_, uint64_t seed)
    : op(op_),
      problem(p),
      mode(mode_),
      data(make_tensors(p, mode_, seed, max_terms(op_, p))),
      want(oracle(op_, p, data)) {}

Run apply(const Strategy& strategy, const Problem& problem, const Tensors& data, int64_t misalign) {
  try {
    return apply_or_throw(strategy, problem, data, misalign);
  } catch (const CudaError& error) {
    return {error.what(), {}};
  }
}

Run run_strategy(const Strategy& strategy, const Case& c, int64_t misalign) {
  if (strategy.op != c.op) return {"a case of another op", {}};
  Run result = apply(strategy, c.problem, c.data, misalign);
  if (!result.failure.empty()) return result;
  const Comparison comparison =
      compare(result.output, c.want, output_dims(c.op, c.problem), Config{}.dtype, c.mode);
  if (comparison.verdict != Verdict::passed) result.failure = comparison.reason;
  return result;
}

std::vector<const Strategy*> own_strategies() {
  std::vector<const Strategy*> own;
  for (const Strategy& s : strategies()) {
    const auto file = std::filesystem::path(TCONV_SOURCE_DIR) / "kernels" / (s.name + ".cu");
    if (std::filesystem::exists(file)) own.push_back(&s);
  }
  return own;
}

}  // namespace tconv
