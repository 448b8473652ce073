#include "bench/support_matrix.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tconv::bench {
namespace {

constexpr std::array kDTypes{DType::f32, DType::tf32, DType::f16, DType::bf16};
constexpr std::array kLayouts{Layout::nchw, Layout::nhwc};

/// Channels that vector loads and tensor cores take, unless the feature is another number.
struct Feature {
  const char* name;
  const char* channels;
  int64_t kernel, stride, crop, dilation, output_padding;
};
constexpr std::array kFeatures = {
    Feature{"k = s", "g1mb2ic16oc16", 2, 2, 0, 1, 0},
    Feature{"k > s", "g1mb2ic16oc16", 4, 2, 1, 1, 0},
    Feature{"k%s != 0", "g1mb2ic16oc16", 3, 2, 0, 1, 0},
    Feature{"grouped", "g2mb2ic32oc32", 2, 2, 0, 1, 0},
    Feature{"depthwise", "g16mb2ic16oc16", 2, 2, 0, 1, 0},
    Feature{"odd channels", "g1mb2ic13oc3", 2, 2, 0, 1, 0},
    Feature{"dilated", "g1mb2ic16oc16", 3, 1, 0, 2, 0},
    Feature{"output padding", "g1mb2ic16oc16", 2, 2, 0, 1, 1},
};

std::string axis_text(char letter, const Feature& f) {
  constexpr int64_t kIn = 4;
  const int64_t out =
      (kIn - 1) * f.stride + f.dilation * (f.kernel - 1) + 1 - 2 * f.crop + f.output_padding;
  return fmt::format("i{0}{1}o{0}{2}k{0}{3}s{0}{4}d{0}{5}p{0}{6}", letter, kIn, out, f.kernel,
                     f.stride, f.dilation - 1, f.crop);
}

std::vector<Probe> make_probes() {
  std::vector<Probe> all;
  for (size_t rank = 1; rank <= 3; ++rank) {
    for (const Feature& f : kFeatures) {
      std::string text = f.channels;
      for (const char letter : std::string("dhw").substr(3 - rank)) text += axis_text(letter, f);
      all.push_back({fmt::format("{}-D {}", rank, f.name), Problem::parse(text)});
    }
  }
  return all;
}

/// The reason without the axis that it is seen on first: all probes of a feature have it on all.
std::string without_axis(std::string reason) {
  const size_t at = reason.find(" along ");
  if (at != std::string::npos) reason.erase(at, std::string_view(" along d").size());
  return reason;
}

SupportCell ask(const Strategy& strategy, const Config& config) {
  SupportCell cell{&strategy, config, {}, {}, {}};
  for (const Probe& probe : probes()) {
    const std::string reason = refusal(strategy, probe.problem, config);
    (reason.empty() ? cell.taken : cell.refused[without_axis(reason)]).push_back(probe.feature);
  }
  Config with_bias = config;
  with_bias.epilogue = Epilogue::bias;
  cell.why_not_fused = refusal(strategy, probes().front().problem, with_bias);
  return cell;
}

/// Numbers reasons in the order of their first use.
class Footnotes {
 public:
  size_t number(const std::string& reason) {
    const auto found = std::find(reasons_.begin(), reasons_.end(), reason);
    if (found != reasons_.end()) return static_cast<size_t>(found - reasons_.begin()) + 1;
    reasons_.push_back(reason);
    return reasons_.size();
  }
  std::string text() const {
    std::string lines;
    for (size_t i = 0; i < reasons_.size(); ++i)
      lines += fmt::format("[{}] {}\n", i + 1, reasons_[i]);
    return lines;
  }

 private:
  std::vector<std::string> reasons_;
};

/// "all", "18/24 [2,3]" or "- [1]"
std::string cell_text(const SupportCell& cell, Footnotes& notes) {
  if (cell.refused.empty()) return "all";
  std::vector<size_t> numbers;
  for (const auto& [reason, features] : cell.refused) numbers.push_back(notes.number(reason));
  const std::string taken =
      cell.taken.empty() ? "-" : fmt::format("{}/{}", cell.taken.size(), probes().size());
  return fmt::format("{} [{}]", taken, fmt::join(numbers, ","));
}

}  // namespace

const std::vector<Probe>& probes() {
  static const std::vector<Probe> all = make_probes();
  return all;
}

std::vector<SupportCell> support_matrix(const std::vector<Strategy>& all) {
  std::vector<SupportCell> cells;
  for (const Strategy& strategy : all) {
    for (const DType dtype : kDTypes) {
      for (const Layout layout : kLayouts) cells.push_back(ask(strategy, {dtype, layout}));
    }
  }
  return cells;
}

std::string support_table(const std::vector<SupportCell>& cells) {
  constexpr size_t kPerLine = kDTypes.size() * kLayouts.size();
  constexpr int kName = 42, kCell = 15;
  std::string table = fmt::format("{:<{}}", "strategy", kName);
  for (const DType dtype : kDTypes) {
    for (const Layout layout : kLayouts)
      table +=
          fmt::format("{:<{}}", fmt::format("{}/{}", to_string(dtype), to_string(layout)), kCell);
  }
  table += '\n';
  Footnotes notes;
  for (size_t i = 0; i < cells.size(); ++i) {
    const SupportCell& cell = cells[i];
    if (i % kPerLine == 0) {
      table += fmt::format(
          "{:<{}}", fmt::format("{}/{}", to_string(cell.strategy->op), cell.strategy->name), kName);
    }
    table += fmt::format("{:<{}}", cell_text(cell, notes), kCell);
    if (i % kPerLine == kPerLine - 1) table += '\n';
  }
  return fmt::format("{}\nall: {} features, every rank with each of them\n{}", table,
                     probes().size(), notes.text());
}

nlohmann::ordered_json to_json(const std::vector<SupportCell>& cells) {
  using Json = nlohmann::ordered_json;
  Json features = Json::array(), list = Json::array();
  for (const Probe& probe : probes())
    features.push_back({{"name", probe.feature}, {"problem", probe.problem.str()}});
  for (const SupportCell& cell : cells) {
    Json refused = Json::array();
    for (const auto& [reason, names] : cell.refused)
      refused.push_back({{"reason", reason}, {"features", names}});
    list.push_back({{"op", std::string(to_string(cell.strategy->op))},
                    {"strategy", cell.strategy->name},
                    {"dtype", std::string(to_string(cell.config.dtype))},
                    {"layout", std::string(to_string(cell.config.layout))},
                    {"taken", cell.taken},
                    {"refused", refused},
                    {"fuses", cell.why_not_fused.empty() ? Json(true) : Json(cell.why_not_fused)}});
  }
  return {{"schema", "tconv-support/1"}, {"features", features}, {"cells", list}};
}

}  // namespace tconv::bench
