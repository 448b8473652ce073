// The text: width, words, and that no number drowns in digits.
#include <sstream>

#include <gtest/gtest.h>

#include "bench/inspect/text.h"
#include "bench/inspect/words.h"
#include "reference/layers.h"

namespace tconv::inspect {
namespace {

std::string text_of(const std::string& descriptor, const std::string& kernel = "") {
  const Question question{.kernel = kernel, .gpus = {&device_profile("t4")}, .strategies = {}};
  return to_text(std::vector<Report>{inspect(Problem::parse(descriptor), question)});
}

TEST(Words, Numbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(grouped(-123), "-123");
  EXPECT_EQ(number(1e-15), "0");
  EXPECT_EQ(number(0.25), "0.25");
  EXPECT_EQ(line_in_n(2, -0.5), "2n - 0.5");
  EXPECT_EQ(line_in_n(1, 0), "n");
  EXPECT_EQ(list(std::vector<int64_t>{1, 2, 3}), "1 2 3");
  EXPECT_EQ(list(std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), "1 2 3 .. 10 (10)");
  EXPECT_EQ(count_of(1, "tap"), "1 tap");
  EXPECT_EQ(count_of(2000, "tap"), "2,000 taps");
}

TEST(Words, ParagraphsBreakAtBlanks) {
  const std::string words =
      paragraph("label", 8, std::string(60, 'a') + " " + std::string(60, 'b'));
  EXPECT_EQ(words, "label   " + std::string(60, 'a') + "\n        " + std::string(60, 'b') + "\n");
}

TEST(Text, FitsInto100ColumnsForEveryRealLayer) {
  const std::string folder = TCONV_LAYERS_DIR;
  for (const Problem& p : read_layers(folder + "/all.layers")) {
    Question question{.kernel = "random:1", .gpus = {}, .strategies = {}};
    for (const DeviceProfile& gpu : device_profiles()) question.gpus.push_back(&gpu);
    std::istringstream lines(to_text(std::vector<Report>{inspect(p, question)}));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), kColumns) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST(Text, SaysWhichWayIsPositiveAndWhatIsUneven) {
  const std::string text = text_of("mb1ic1iw8oc1kw3sw2");
  for (const char* words : {"f(n) = 2n + 1", "positive: the image lies", "uneven", "even kernel",
                            "variance 0.25", "taps 0 2", "PixelShuffle"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
  }
  EXPECT_EQ(text_of("mb1ic1iw8oc1kw4sw2pw1").find("uneven"), std::string::npos);
}

TEST(Text, AxesThatAreAlikeAreToldOnce) {
  EXPECT_NE(text_of("mb1ic1ih8oc1kh3sh2").find("axis h, w\n"), std::string::npos);
  EXPECT_NE(text_of("mb1ic1ih8iw9oc1kh3kw3sh2sw2").find("axis w\n"), std::string::npos);
}

TEST(Text, FrameworkLayerOnlyWhereOneExists) {
  EXPECT_NE(text_of("mb1ic4ih8oc6kh3sh2ph1oh16g2")
                .find("ConvTranspose2d(4, 6, kernel_size=3, stride=2, padding=1, output_padding=1, "
                      "groups=2)"),
            std::string::npos);
  const std::string causal = text_of("mb1ic1iw8oc1ow16kw4sw2pw0");  // low crop 0, high crop 2
  EXPECT_EQ(causal.find("PyTorch"), std::string::npos);
  EXPECT_NE(causal.find("no output padding gives"), std::string::npos);
}

}  // namespace
}  // namespace tconv::inspect
