// cuDNN as registered strategies. Without a GPU they must refuse with a reason, also with the
// virtual GPU's runtime loaded; with one they must be right.
#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/strategy.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

std::vector<Strategy> baselines() {
  std::vector<Strategy> result;
  std::copy_if(strategies().begin(), strategies().end(), std::back_inserter(result),
               [](const Strategy& s) { return s.name.starts_with("cudnn"); });
  return result;
}

TEST(Cudnn, ThreeContendersInEachDirectionAreRegistered) {
  std::map<Op, std::vector<std::string>> names;
  for (const Strategy& s : baselines()) names[s.op].push_back(s.name);
  const std::vector<std::string> three{"cudnn", "cudnn_best", "cudnn_deterministic"};
  EXPECT_EQ(names, (std::map<Op, std::vector<std::string>>{
                       {Op::fprop, three}, {Op::dgrad, three}, {Op::wgrad, three}}));
}

TEST(Cudnn, ShapesThatCudnnCannotExpressAreRefusedWithOrWithoutAGpu) {
  for (const Strategy& s : baselines()) {
    EXPECT_EQ(s.supports(Problem::parse("mb0ic8oc8ih5kh3sh2ph1"), {}),
              "cuDNN has no tensors of batch 0");
  }
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
        const Case c(s.op, p, DataMode::int_exact, 1);
        EXPECT_EQ(run_strategy(s, c).failure, "")
            << to_string(s.op) << ' ' << s.name << ' ' << text;
      } else {
        EXPECT_TRUE(reason.starts_with("cuDNN needs an NVIDIA GPU: ")) << reason;
        EXPECT_TRUE(reason.ends_with("; the virtual GPU cannot run its machine code")) << reason;
      }
    }
  }
}

}  // namespace
}  // namespace tconv
