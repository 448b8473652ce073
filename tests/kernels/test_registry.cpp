// The registry: complete, sorted, and honest about what it refuses.
#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/strategy.h"
#include "tests/kernels/contenders.h"

namespace tconv {
namespace {

TEST(Registry, EveryKernelFileRegistersItsStem) {
  std::set<std::string> names;
  for (const Strategy& s : strategies()) names.insert(s.name);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TCONV_SOURCE_DIR "/kernels")) {
    if (entry.path().extension() != ".cu") continue;
    ++files;
    EXPECT_TRUE(names.contains(entry.path().stem())) << entry.path();
  }
  EXPECT_GE(files, 11);
}

TEST(Registry, SortedByOpAndName) {
  const auto& all = strategies();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const Strategy& a, const Strategy& b) {
    return std::tuple(a.op, a.name) < std::tuple(b.op, b.name);
  }));
}

TEST(Registry, EveryStrategyIsComplete) {
  for (const Strategy& s : strategies()) {
    EXPECT_FALSE(s.summary.empty()) << s.name;
    EXPECT_TRUE(s.supports && s.workspace && s.macs_executed && s.deterministic && s.launch)
        << s.name;
  }
}

TEST(Registry, RefusesASecondStrategyOfThatName) {
  EXPECT_THROW(register_strategy(Strategy(strategies().front())), std::logic_error);
}

TEST(Registry, SupportsWhatItPromisesAndRefusesTheRestByName) {
  const Problem p = Problem::parse("mb1_ic8oc8_ih4iw4_kh2kw2_sh2sw2");
  for (const Strategy* s : own_strategies()) {
    for (const DType dtype : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
      for (const Layout layout : {Layout::nchw, Layout::nhwc}) {
        for (const Epilogue epilogue : {Epilogue::none, Epilogue::bias_relu}) {
          const Config config{dtype, layout, epilogue};
          const std::string reason = refusal(*s, p, config);
          SCOPED_TRACE(s->name + ' ' + std::string(to_string(dtype)) + ' ' +
                       std::string(to_string(layout)) + ' ' + std::string(to_string(epilogue)) +
                       ": " + reason);
          EXPECT_EQ(reason.empty(), promised(*s, config));
          if (reason.empty()) continue;
          EXPECT_TRUE(reason.starts_with("dtype " + std::string(to_string(dtype)) + ": ") ||
                      reason.starts_with("layout " + std::string(to_string(layout)) + ": ") ||
                      reason.starts_with("epilogue " + std::string(to_string(epilogue)) + ": "));
        }
      }
    }
  }
}

TEST(Registry, SizesBeyond32BitsAreRefusedNotWrapped) {
  // 2^32 output positions per channel; 2^31 input elements per group, which tables of the input
  // cannot index; and 2^31 output elements, which tables of the output cannot.
  const Problem wide = Problem::parse("mb1_ic1oc1_ih32768iw32768_kh2kw2_sh2sw2");
  const Problem deep = Problem::parse("mb1_ic2048oc1_ih1024iw1024_kh2kw2_sh2sw2");
  const Problem high = Problem::parse("mb1_ic1oc2048_ih512iw512_kh2kw2_sh2sw2");
  const auto refusing = [](const Problem& p) {
    std::set<std::string> names;
    for (const Contender& c : contenders()) {
      const bool refused = !c.strategy->supports(p, c.config).empty();
      if (c.config.layout == Layout::nchw && refused) names.insert(c.strategy->name);
    }
    return names;
  };
  EXPECT_EQ(refusing(wide).size(), own_strategies().size());
  EXPECT_EQ(refusing(deep),
            (std::set<std::string>{"implicit_gemm", "implicit_gemm_mma", "implicit_gemm_mma_joined",
                                   "wgrad_implicit_gemm_mma"}));
  EXPECT_EQ(refusing(high),
            (std::set<std::string>{"dgrad_implicit_gemm", "dgrad_implicit_gemm_mma",
                                   "wgrad_implicit_gemm", "wgrad_implicit_gemm_mma"}));
}

TEST(Registry, AKernelFarBeyondTheInputIsRefusedNotWrapped) {
  // The last tap reads 39999 rows of 65536 inputs back from where the first one does.
  const Problem p = Problem::parse("mb1_ic1oc1_ih1iw65536_oh2ow2_kh40000kw1_ph20000pw0");
  for (const auto& [s, config, fuses, picky] : contenders()) {
    const bool has_table = s->name == "implicit_gemm" || s->name == "implicit_gemm_mma";
    const std::string reason = s->supports(p, config);
    EXPECT_EQ(reason.find("reach of the kernel") != reason.npos, has_table) << s->name << reason;
  }
}

}  // namespace
}  // namespace tconv
