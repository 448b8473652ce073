// The layer sets that ship, and what a bad file is told.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "reference/layers.h"

namespace tconv {
namespace {

const std::filesystem::path kSource(TCONV_SOURCE_DIR);
const std::filesystem::path kFolder = kSource / "bench/layers";

struct Expected {
  int64_t batch;
  double gflop;  ///< as computed by another program, four decimals
  std::string shape_class;
};

std::map<std::string, Expected> expected_layers() {
  std::ifstream in(kSource / "tests/reference/layers_expected.csv");
  std::map<std::string, Expected> layers;
  std::string line;
  std::getline(in, line);  // column names
  while (std::getline(in, line)) {
    std::stringstream fields(line);
    std::string name, batch, gflop, shape_class;
    std::getline(fields, name, ',');
    std::getline(fields, batch, ',');
    std::getline(fields, gflop, ',');
    std::getline(fields, shape_class, ',');
    layers[name] = {std::stoll(batch), std::stod(gflop), shape_class};
  }
  return layers;
}

std::set<std::string> names(const std::string& set) {
  std::set<std::string> all;
  for (const Problem& p : read_layers(kFolder / (set + ".layers"))) all.insert(p.name);
  return all;
}

TEST(Layers, EverySetShips) {
  EXPECT_EQ(layer_sets(kFolder),
            (std::vector<std::string>{"all", "audio", "detection", "gan", "quick", "segmentation",
                                      "superres", "volumetric"}));
}

TEST(Layers, EveryLineRoundTripsAndHasTheExpectedWork) {
  const auto expected = expected_layers();
  ASSERT_EQ(expected.size(), 133u);
  const std::regex plain("[a-z0-9_.-]+:[a-z0-9_.-]+");
  for (const auto& set : layer_sets(kFolder)) {
    for (const Problem& p : read_layers(kFolder / (set + ".layers"))) {
      EXPECT_TRUE(std::regex_match(p.name, plain)) << p.name;
      EXPECT_EQ(Problem::parse(p.str()), p);
      const auto it = expected.find(p.name);
      ASSERT_NE(it, expected.end()) << p.name;
      const Expected& e = it->second;
      EXPECT_EQ(p.batch, set == "quick" ? 1 : e.batch) << p.name;
      const double gflop =
          static_cast<double>(p.flops_needed()) / static_cast<double>(p.batch) * 1e-9;
      EXPECT_NEAR(gflop * static_cast<double>(e.batch), e.gflop, 0.000051) << p.name;
      const std::string shape = p.depthwise() ? "depthwise" : e.shape_class;
      EXPECT_EQ(p.shape_class(), shape) << p.name;
    }
  }
}

TEST(Layers, AllHoldsEveryLayerOnceAndTheOtherSetsPartitionIt) {
  std::set<std::string> parts;
  size_t count = 0;
  for (const auto& set : layer_sets(kFolder)) {
    if (set == "all" || set == "quick") continue;
    const auto mine = names(set);
    count += mine.size();
    parts.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(count, 133u);
  EXPECT_EQ(parts, names("all"));
  EXPECT_EQ(parts.size(), 133u);
}

TEST(Layers, QuickHasOneOfEachKindAndIsQuick) {
  const auto quick = read_layers(kFolder / "quick.layers");
  EXPECT_GE(quick.size(), 13u);
  EXPECT_LE(quick.size(), 14u);
  std::set<int> ranks;
  std::set<std::string> classes;
  int64_t macs = 0;
  for (const Problem& p : quick) {
    EXPECT_EQ(p.batch, 1) << p.name;
    EXPECT_LE(p.macs_needed(), 150'000'000) << p.name;
    macs += p.macs_needed();
    ranks.insert(p.rank);
    classes.insert(p.shape_class());
  }
  EXPECT_LE(macs, 600'000'000);
  EXPECT_EQ(ranks, (std::set{1, 2, 3}));
  EXPECT_EQ(classes, (std::set<std::string>{"s1", "k=s", "k%s=0", "k%s!=0", "depthwise"}));
  const auto any = [&](auto&& is) { return std::any_of(quick.begin(), quick.end(), is); };
  EXPECT_TRUE(any([](const Problem& p) { return p.out_channels == 3; }));
  EXPECT_TRUE(any([](const Problem& p) { return p.axes[1].in == 4 && p.axes[2].in == 4; }));
  EXPECT_TRUE(any(
      [](const Problem& p) { return p.axes[2].crop_lo > p.axes[2].crop_hi(); }));  // output padding
  EXPECT_TRUE(any([](const Problem& p) { return p.rank == 1 && p.axes[2].kernel >= 25; }));
}

std::string message_of(const std::string& text) {
  const auto file = std::filesystem::path(testing::TempDir()) / "test.layers";
  std::ofstream(file) << text;
  try {
    read_layers(file);
    return "accepted";
  } catch (const ProblemError& e) {
    const std::string message = e.what();
    return message.substr(message.find("test.layers"));
  }
}

TEST(Layers, BadFilesAreToldWhere) {
  EXPECT_EQ(message_of("# only\n\n"), "test.layers: holds no layer");
  EXPECT_EQ(message_of("# x\n\nic1iw4oc1kw3sw0\n"),
            "test.layers:3: sw0: stride must be at least 1");
  EXPECT_EQ(message_of("ic1iw4oc1kw3n\"a:b\"\nic1iw5oc1kw3n\"a:b\"\n"),
            "test.layers:2: name \"a:b\" is taken by line 1");
  EXPECT_THROW(read_layers("/no/such/file.layers"), ProblemError);
  EXPECT_THROW(read_layers(kFolder), ProblemError);
}

TEST(Layers, CommentsBlanksAndForeignLineEnds) {
  EXPECT_EQ(message_of("\t ic1iw4oc1kw3n\"a:b#1\"  # why\r\n  # more\r\n"), "accepted");
  const auto file = std::filesystem::path(testing::TempDir()) / "test.layers";
  EXPECT_EQ(read_layers(file).at(0).name, "a:b#1");
}

TEST(Layers, SetsAreFoundByNameAndFilesByPath) {
  EXPECT_EQ(find_layers(kFolder, "gan"), kFolder / "gan.layers");
  EXPECT_EQ(find_layers(kFolder, (kFolder / "gan.layers").string()), kFolder / "gan.layers");
  try {
    find_layers(kFolder, "gans");
    FAIL();
  } catch (const ProblemError& e) {
    EXPECT_STREQ(e.what(),
                 "layers \"gans\": must be a file or one of all, audio, detection, gan, quick, "
                 "segmentation, superres, volumetric");
  }
}

}  // namespace
}  // namespace tconv
