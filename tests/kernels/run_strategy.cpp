#include "tests/kernels/run_strategy.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>

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

Run run(const Strategy& strategy, const Case& c, int64_t misalign) {
  const Config config;
  const Problem& p = c.problem;
  if (const std::string reason = strategy.supports(p, config); !reason.empty()) {
    return {"refused: " + reason, {}};
  }
  const int64_t workspace_bytes = strategy.workspace(p, config);
  const Guarded x(c.x, misalign), w(c.w, misalign), y(poison(p.y_size()), misalign);
  const Guarded workspace(poison((workspace_bytes + 3) / 4), 0);
  Call call{p, config, x.data(), w.data(), y.data(), workspace.data(), nullptr, nullptr};
  std::unique_ptr<Prepared> prepared;
  if (strategy.prepare) prepared = strategy.prepare(call);
  call.prepared = prepared.get();
  strategy.launch(call);
  TCONV_CUDA(cudaDeviceSynchronize());

  bool x_intact = false, w_intact = false, y_intact = false, workspace_intact = false;
  x.read(true, x_intact);
  w.read(true, w_intact);
  workspace.read(false, workspace_intact);
  Run result{{}, y.read(false, y_intact)};
  if (!x_intact || !w_intact) result.failure = "an input was written";
  if (!y_intact) result.failure = "written outside of y";
  if (!workspace_intact) result.failure = "written outside of the workspace";
  if (!result.failure.empty()) return result;

  std::vector<int64_t> dims{p.batch, p.out_channels};
  for (int a = 3 - p.rank; a < 3; ++a) dims.push_back(p.axes[static_cast<size_t>(a)].out);
  const Comparison comparison = compare(result.output, c.want, dims, config.dtype, c.mode);
  if (comparison.verdict != Verdict::passed) result.failure = comparison.reason;
  return result;
}

}  // namespace

Case::Case(const Problem& p, DataMode mode_, uint64_t seed)
    : problem(p),
      mode(mode_),
      x(static_cast<size_t>(p.x_size())),
      w(static_cast<size_t>(p.w_size())) {
  const int64_t max_terms = p.ic_per_group() * p.taps();
  fill(x, mode, DType::f32, seed, max_terms);
  fill(w, mode, DType::f32, seed + 1, max_terms);
  want = gather_oracle(p, x, w);
}

Run run_strategy(const Strategy& strategy, const Case& c, int64_t misalign) {
  try {
    return run(strategy, c, misalign);
  } catch (const CudaError& error) {
    return {error.what(), {}};
  }
}

std::vector<const Strategy*> own_strategies() {
  std::vector<const Strategy*> own;
  for (const Strategy& s : strategies()) {
    const auto file = std::filesystem::path(TCONV_SOURCE_DIR) / "kernels" / (s.name + ".cu");
    if (s.op == Op::fprop && std::filesystem::exists(file)) own.push_back(&s);
  }
  return own;
}

}  // namespace tconv
