// Planning with cuDNN on a machine that need not have a GPU.
//
// data/h100_device.json describes an H100 SXM in the form of cuDNN's device-properties descriptor.
// It was written by hand, not read from a device: SM count, clocks, memory and cache sizes from
// NVIDIA's H100 data sheet and Hopper white paper, limits per thread, block and SM from the CUDA
// C++ Programming Guide's table for compute capability 9.0. Plans that are finalised against it
// were never executed: that a plan exists says that cuDNN accepts the problem, not that it is fast
// or right.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "kernels/vendor/cudnn_plan.h"
#include "tests/kernels/nasty_problems.h"

namespace tconv::cudnn {
namespace {

std::string h100() {
  std::ifstream file(TCONV_SOURCE_DIR "/tests/kernels/data/h100_device.json");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<PlanInfo> usable(const std::vector<PlanInfo>& plans) {
  std::vector<PlanInfo> result;
  std::copy_if(plans.begin(), plans.end(), std::back_inserter(result),
               [](const PlanInfo& info) { return info.usable(); });
  return result;
}

bool on_tensor_cores(const PlanInfo& info) { return info.has(CUDNN_NUMERICAL_NOTE_TENSOR_CORE); }

struct Case {
  const char* name;
  const char* descriptor;
  bool tensor_cores;  ///< whether TF32 has tensor-core engines for it on an H100
  bool atomics;       ///< whether f32 is offered an engine that is not deterministic
};
constexpr Case kCases[] = {
    {"k4s2p1", "mb2ic64oc32ih16kh4sh2ph1", true, true},
    {"k3s2op1", "mb2ic64oc32ih16kh3sh2ph1oh32", true, true},
    {"dilated", "mb2ic64oc32ih16kh3sh2ph2dh1oh32", true, true},
    {"groups", "g4mb2ic64oc32ih16kh4sh2ph1", true, true},
    {"depthwise", "g64mb2ic64oc64ih16kh4sh2ph1", true, true},
    {"oddchannels", "mb1ic3oc5ih7iw9kh3kw3sh2sw2ph0pw0", true, true},
    {"rank1", "mb2ic64oc32iw64kw4sw2pw1", true, true},
    {"rank3", "mb1ic32oc16id4ih8iw8kd4kh4kw4sd2sh2sw2pd1ph1pw1", true, true},
    {"rank3groups", "g4mb1ic32oc16id4ih8iw8kd4kh4kw4sd2sh2sw2pd1ph1pw1", false, true},
    {"gaps", "mb1ic8oc8ih5kh2sh3", true, true},
    {"asymmetric", "mb1ic8oc8ih8kh4sh2ph0oh16", true, false},
    {"cropbeyondkernel", "mb1ic64oc64ih16kh4sh2ph5oh24", true, true},
};

// Every case in one test: a process that loads cuDNN is not free, and ctest starts one per test.
template <class Check>
void for_each_case(Check check) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    check(c, Problem::parse(c.descriptor));
  }
}

TEST(CudnnPlan, EveryDtypeAndLayoutHasAPlan) {
  for_each_case([](const Case&, const Problem& problem) {
    for (const DType dtype : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
      for (const Layout layout : {Layout::nchw, Layout::nhwc}) {
        const auto plans = usable(plan(problem, {dtype, layout}, h100()));
        EXPECT_FALSE(plans.empty()) << to_string(dtype) << ' ' << to_string(layout);
        for (const PlanInfo& info : plans) {
          EXPECT_GE(info.engine, 0) << info.str();
          EXPECT_GE(info.workspace, 0) << info.str();
          EXPECT_FALSE(info.has(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)) << info.str();
        }
      }
    }
  });
}

TEST(CudnnPlan, StrictF32KeepsOffTensorCoresAndTf32DoesNot) {
  for_each_case([](const Case& c, const Problem& problem) {
    const auto strict = plan(problem, {DType::f32, Layout::nchw}, h100());
    const auto relaxed = plan(problem, {DType::tf32, Layout::nchw}, h100());
    for (const PlanInfo& info : usable(strict)) {
      EXPECT_FALSE(on_tensor_cores(info)) << info.str();
      EXPECT_FALSE(info.has(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)) << info.str();
    }
    const auto kept = usable(relaxed);
    EXPECT_EQ(std::any_of(kept.begin(), kept.end(), on_tensor_cores), c.tensor_cores);
    // The operation is the same, so the heuristics offer the same; the filter makes the difference.
    EXPECT_EQ(strict.size(), relaxed.size());
    EXPECT_EQ(kept.size() > usable(strict).size(), c.tensor_cores);
  });
}

TEST(CudnnPlan, DeterministicDropsExactlyThePlansThatSayTheyAreNot) {
  for_each_case([](const Case& c, const Problem& problem) {
    const Config config{DType::f32, Layout::nchw};
    const auto all = usable(plan(problem, config, h100()));
    const auto kept = usable(plan(problem, config, h100(), {.deterministic = true}));
    EXPECT_FALSE(kept.empty());
    EXPECT_EQ(kept.size() < all.size(), c.atomics);
    const auto promised =
        std::count_if(all.begin(), all.end(), [](const PlanInfo& i) { return i.deterministic(); });
    EXPECT_EQ(static_cast<ptrdiff_t>(kept.size()), promised);
  });
}

TEST(CudnnPlan, FirstOnlyStopsAtTheSamePlan) {
  for_each_case([](const Case&, const Problem& problem) {
    const Config config{DType::f16, Layout::nhwc};
    const auto all = usable(plan(problem, config, h100()));
    const auto first = usable(plan(problem, config, h100(), {.first_only = true}));
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].name, all.at(0).name);
  });
}

TEST(CudnnPlan, AConfigurationIsListedOnce) {
  for_each_case([](const Case&, const Problem& problem) {
    auto plans = plan(problem, {DType::f16, Layout::nchw}, h100());
    std::vector<std::string> names;
    for (const PlanInfo& info : plans) names.push_back(info.name);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  });
}

TEST(CudnnPlan, TheOtherDirectionsPlanToo) {
  for_each_case([](const Case&, const Problem& problem) {
    for (const Op op : {Op::dgrad, Op::wgrad}) {
      EXPECT_FALSE(usable(plan(problem, {DType::f32, Layout::nchw}, h100(), {}, op)).empty())
          << to_string(op);
    }
  });
}

TEST(CudnnPlan, OutputPaddingCostsNoEngines) {
  // Paddings (1, 0) and (1, 1) mean the same to the first of these; the second pleases more
  // engines.
  const auto with = plan(Problem::parse("mb2ic64oc32ih16kh3sh2ph1oh32"), {}, h100());
  const auto without = plan(Problem::parse("mb2ic64oc32ih16kh3sh2ph1oh31"), {}, h100());
  EXPECT_EQ(usable(with).size(), usable(without).size());
}

TEST(CudnnPlan, WorkspaceCapDropsWhatNeedsMore) {
  // NCHW half-precision plans transpose into a workspace.
  const Problem problem = Problem::parse("mb2ic64oc32ih16kh4sh2ph1");
  const Config config{DType::f16, Layout::nchw};
  const auto free = usable(plan(problem, config, h100()));
  const auto largest = std::max_element(free.begin(), free.end(), [](auto& a, auto& b) {
                         return a.workspace < b.workspace;
                       })->workspace;
  ASSERT_GT(largest, 0);
  const auto capped = plan(problem, config, h100(), {.workspace_cap = largest - 1});
  EXPECT_LT(usable(capped).size(), free.size());
  for (const PlanInfo& info : usable(capped)) EXPECT_LT(info.workspace, largest);
  for (const PlanInfo& info : capped) {
    if (info.workspace < largest) continue;
    EXPECT_EQ(info.dropped, "workspace above " + std::to_string(largest - 1) + " B");
  }
}

TEST(CudnnPlan, TheDescriptionOfTheDeviceMatters) {
  // bf16 needs compute capability 8.0 or newer.
  std::string turing = h100();
  const std::string key = "\"deviceVer\": 900";
  ASSERT_NE(turing.find(key), std::string::npos);
  turing.replace(turing.find(key), key.size(), "\"deviceVer\": 750");
  const Problem problem = Problem::parse("mb2ic64oc32ih16kh4sh2ph1");
  EXPECT_TRUE(plan(problem, {DType::bf16, Layout::nchw}, turing).empty());
  EXPECT_FALSE(plan(problem, {DType::f32, Layout::nchw}, turing).empty());
}

TEST(CudnnPlan, ADescriptionThatIsNoneIsRefused) { EXPECT_THROW(Target("not json"), Error); }

TEST(CudnnPlan, AListWithoutUsablePlansSaysWhy) {
  const PlanSet set(Op::fprop, Problem::parse("mb2ic64oc32ih16kh4sh2ph1"),
                    {DType::f32, Layout::nchw}, Target(h100()), {.workspace_cap = -1});
  EXPECT_TRUE(set.usable().empty());
  EXPECT_NE(set.why_none().find("TENSOR_CORE not allowed in f32"), std::string::npos)
      << set.why_none();
  EXPECT_NE(set.why_none().find("workspace above -1 B"), std::string::npos) << set.why_none();
}

struct Refusal {
  const char* descriptor;
  const char* reason;  ///< part of it
};
constexpr Refusal kRefusals[] = {
    {"mb0ic8oc8ih5kh3sh2ph1", "batch 0"},
    // PyTorch accepts output padding up to max(stride, dilation); cuDNN up to the stride.
    {"mb1ic8oc8ih5kh3sh1ph1dh2oh11", "output padding < stride: 1 rows appended at sh1"},
};

TEST(CudnnPlan, WhatCudnnCannotExpressHasAReason) {
  for (const auto& [descriptor, reason] : kRefusals) {
    const Problem problem = Problem::parse(descriptor);
    for (const Op op : {Op::fprop, Op::dgrad, Op::wgrad}) {
      const std::string said = inexpressible(op, problem, {});
      EXPECT_NE(said.find(reason), std::string::npos) << to_string(op) << ": " << said;
      EXPECT_THROW(plan(problem, {}, h100(), {}, op), Error)
          << to_string(op) << ": cuDNN itself agrees that it cannot";
    }
  }
}

// What tests/vendor runs on a double, cuDNN itself takes: the double is not the more lenient one.
TEST(CudnnPlan, NastyProblemsAreExpressibleInEveryDirection) {
  for (const NastyProblem& n : kNastyProblems) {
    SCOPED_TRACE(n.why);
    const Problem problem = Problem::parse(n.descriptor);
    for (const Op op : {Op::fprop, Op::dgrad, Op::wgrad}) {
      for (const Config& config :
           {Config{DType::f32, Layout::nchw}, Config{DType::bf16, Layout::nhwc}}) {
        const std::string reason = inexpressible(op, problem, config);
        EXPECT_EQ(reason, problem.batch > 0 ? "" : "cuDNN has no tensors of batch 0");
      }
    }
  }
}

TEST(CudnnPlan, WhatOnlyCudnnKnowsIsQuotedOnOneLine) {
  Problem problem = Problem::parse("mb1ic8oc8ih5kh3sh2ph1");
  problem.axes[1].crop_lo = -1;  // parse() would refuse it
  const std::string reason = inexpressible(Op::fprop, problem, {});
  EXPECT_NE(reason.find("CUDNN_STATUS_BAD_PARAM"), std::string::npos) << reason;
  EXPECT_EQ(reason.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tconv::cudnn
