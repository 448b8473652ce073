// cuDNN as registered strategies. Without a GPU they must refuse with a reason, also with the
// virtual GPU's runtime loaded; with one they must be right.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/detail/device_buffer.h"
#include "kernels/strategy.h"
#include "reference/compare.h"
#include "reference/conv_transpose.h"

namespace tconv {
namespace {

std::vector<Strategy> baselines() {
  std::vector<Strategy> result;
  std::copy_if(strategies().begin(), strategies().end(), std::back_inserter(result),
               [](const Strategy& s) { return s.name.starts_with("cudnn"); });
  return result;
}

TEST(Cudnn, ThreeContendersAreRegistered) {
  std::vector<std::string> names;
  for (const Strategy& s : baselines()) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"cudnn", "cudnn_best", "cudnn_deterministic"}));
}

TEST(Cudnn, ShapesThatCudnnCannotExpressAreRefusedWithOrWithoutAGpu) {
  for (const Strategy& s : baselines()) {
    EXPECT_EQ(s.supports(Problem::parse("mb0ic8oc8ih5kh3sh2ph1"), {}),
              "cuDNN has no tensors of batch 0");
  }
}

void run_and_compare(const Strategy& s, const Problem& p) {
  const Config config;
  std::vector<float> x(static_cast<size_t>(p.x_size())), w(static_cast<size_t>(p.w_size()));
  const int64_t terms = p.ic_per_group() * p.taps();
  fill(x, DataMode::int_exact, config.dtype, 1, terms);
  fill(w, DataMode::int_exact, config.dtype, 2, terms);
  const DeviceBuffer<float> dx(x), dw(w), dy(p.y_size());
  const DeviceBuffer<std::byte> workspace(s.workspace(p, config));
  TCONV_CUDA(cudaMemset(dy.data(), 0xFF, dy.bytes()));  // NaN

  Call call{p, config, dx.data(), dw.data(), dy.data(), workspace.data(), nullptr, nullptr};
  const auto prepared = s.prepare(call);
  call.prepared = prepared.get();
  s.launch(call);
  TCONV_CUDA(cudaDeviceSynchronize());
  std::vector<int64_t> dims{p.batch, p.out_channels};
  for (size_t axis = 3 - static_cast<size_t>(p.rank); axis < 3; ++axis)
    dims.push_back(p.axes[axis].out);
  const Comparison c =
      compare(dy.download(), scatter_oracle(p, x, w), dims, config.dtype, DataMode::int_exact);
  EXPECT_EQ(c.verdict, Verdict::passed)
      << s.name << ' ' << p.str() << ": " << c.reason << "; " << prepared->note();
}

TEST(Cudnn, IsRightOnAGpuAndRefusesElsewhere) {
  for (const char* text :
       {"mb2ic16oc8ih9kh4sh2ph1", "mb1ic6oc4ih7iw5kh3kw3sh2sw2ph1pw1oh14ow10",
        "g4mb1ic8oc8ih6kh3sh2ph1oh12", "mb1ic8oc4iw33kw4sw2pw1",
        "mb1ic4oc4id3ih4iw5kd4kh4kw4sd2sh2sw2pd1ph1pw1", "mb1ic8oc8ih8kh4sh2ph0oh16"}) {
    const Problem p = Problem::parse(text);
    for (const Strategy& s : baselines()) {
      const std::string reason = s.supports(p, {});
      if (reason.empty()) {
        run_and_compare(s, p);
      } else {
        EXPECT_TRUE(reason.starts_with("cuDNN needs an NVIDIA GPU: ")) << reason;
        EXPECT_TRUE(reason.ends_with("; the virtual GPU cannot run its machine code")) << reason;
      }
    }
  }
}

}  // namespace
}  // namespace tconv
