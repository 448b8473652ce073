// The support matrix says what `supports` says, and nothing of its own.
#include <set>

#include <gtest/gtest.h>

#include "bench/support_matrix.h"
#include "tests/bench/made_up_row.h"

namespace tconv::bench {
namespace {

/// Takes f32, dense, at most 2-D.
Strategy choosy() {
  Strategy s = made_up_strategy();
  s.supports = [](const Problem& p, const Config& c) -> std::string {
    if (c.dtype != DType::f32) return "f32 only";
    if (c.epilogue != Epilogue::none) return "fuses none";
    if (p.rank == 3) return "no volumes";
    return p.axes[2].dilation > 1 ? "no dilation" : "";
  };
  return s;
}

TEST(SupportMatrix, ProbesHaveTheFeaturesThatTheyAreNamedFor) {
  std::set<std::string> names;
  for (const Probe& probe : probes()) {
    const Problem& p = probe.problem;
    const auto named = [&](const char* word) {
      return probe.feature.find(word) != std::string::npos;
    };
    EXPECT_TRUE(names.insert(probe.feature).second) << probe.feature;
    EXPECT_EQ(probe.feature[0] - '0', p.rank) << p.str();
    EXPECT_EQ(named("depthwise"), p.depthwise()) << p.str();
    EXPECT_EQ(named("grouped"), p.groups > 1 && !p.depthwise()) << p.str();
    for (int axis = 3 - p.rank; axis < 3; ++axis) {
      const Axis& a = p.axes[static_cast<size_t>(axis)];
      EXPECT_EQ(named("dilated"), a.dilation > 1) << p.str();
      EXPECT_EQ(named("output padding"), a.crop_hi() < 0) << p.str();
      EXPECT_EQ(named("k%s"), a.kernel % a.stride != 0) << p.str();
    }
  }
}

TEST(SupportMatrix, RepeatsWhatTheStrategySays) {
  const std::vector<Strategy> all{choosy()};
  const std::vector<SupportCell> cells = support_matrix(all);
  ASSERT_EQ(cells.size(), 8u);
  for (const SupportCell& cell : cells) {
    size_t refused = 0;
    for (const auto& [reason, features] : cell.refused) {
      EXPECT_FALSE(reason.empty());
      refused += features.size();
    }
    EXPECT_EQ(cell.taken.size() + refused, probes().size());
  }
  EXPECT_EQ(cells[0].taken.size(), 14u);
  EXPECT_EQ(cells[0].refused.at("no volumes").size(), 8u);
  EXPECT_EQ(cells[0].refused.at("no dilation"),
            (std::vector<std::string>{"1-D dilated", "2-D dilated"}));
  EXPECT_EQ(cells[0].why_not_fused, "fuses none");
  EXPECT_TRUE(cells[7].taken.empty());
}

TEST(SupportMatrix, TableHasNoEmptyCellWithoutAReason) {
  const std::vector<Strategy> all{choosy()};
  const std::string table = support_table(support_matrix(all));
  EXPECT_NE(table.find("fprop/made_up"), std::string::npos);
  EXPECT_NE(table.find("14/24 [1,2]"), std::string::npos) << table;
  EXPECT_NE(table.find("- [3]"), std::string::npos) << table;
  EXPECT_NE(table.find("[3] f32 only\n"), std::string::npos) << table;
}

TEST(SupportMatrix, JsonHasEveryCell) {
  const std::vector<Strategy> all{choosy()};
  const auto json = to_json(support_matrix(all));
  EXPECT_EQ(json["schema"], "tconv-support/1");
  EXPECT_EQ(json["features"].size(), probes().size());
  ASSERT_EQ(json["cells"].size(), 8u);
  EXPECT_EQ(json["cells"][2]["dtype"], "tf32");
  EXPECT_EQ(json["cells"][2]["refused"][0]["reason"], "f32 only");
  EXPECT_EQ(json["cells"][0]["fuses"], "fuses none");
}

}  // namespace
}  // namespace tconv::bench
