#include "bench/inspect/report.h"

#include <algorithm>

#include <fmt/format.h>

namespace tconv::inspect {
namespace {

/// One number, or a tuple of one per axis if they differ.
template <class Get>
std::string per_axis(const std::vector<AxisReport>& axes, Get get) {
  const bool alike = std::all_of(axes.begin(), axes.end(),
                                 [&](const AxisReport& a) { return get(a) == get(axes.front()); });
  if (alike) return std::to_string(get(axes.front()));
  std::string text = "(";
  for (const AxisReport& a : axes) text += (text.size() > 1 ? ", " : "") + std::to_string(get(a));
  return text + ")";
}

std::optional<std::string> pytorch_layer(const Problem& p, const std::vector<AxisReport>& axes) {
  if (!std::all_of(axes.begin(), axes.end(),
                   [](const auto& a) { return a.has_framework_form(); })) {
    return std::nullopt;
  }
  std::string text =
      fmt::format("ConvTranspose{}d({}, {}, kernel_size={}", p.rank, p.in_channels, p.out_channels,
                  per_axis(axes, [](auto& a) { return a.axis.kernel; }));
  const auto add = [&](std::string_view word, std::string value, std::string_view usual) {
    if (value != usual) text += fmt::format(", {}={}", word, value);
  };
  add("stride", per_axis(axes, [](auto& a) { return a.axis.stride; }), "1");
  add("padding", per_axis(axes, [](auto& a) { return a.axis.crop_lo; }), "0");
  add("output_padding", per_axis(axes, [](auto& a) { return a.output_padding; }), "0");
  add("groups", std::to_string(p.groups), "1");
  add("dilation", per_axis(axes, [](auto& a) { return a.axis.dilation; }), "1");
  return text + ")";
}

}  // namespace

Report inspect(const Problem& p, const Question& question) {
  Report report;
  report.problem = p;
  for (int a = 3 - p.rank; a < 3; ++a) {
    report.axes.push_back(inspect_axis("dhw"[a], p.axes[static_cast<size_t>(a)]));
  }
  report.organisations = organisations(p);
  report.intensities = intensities(p);
  report.rooflines = rooflines(p, question.gpus);
  report.fans = fans(p);
  if (question.strategies) report.strategies = question.strategies(p);
  if (!question.kernel.empty()) {
    const Kernel kernel = make_kernel(p, question.kernel);
    report.filter = inspect_kernel(p, question.rotate ? kernel.rotated() : kernel);
  }
  // No mean, no relative spread: gains that cancel are uneven.
  const bool gains_differ = report.filter && report.filter->spread.value_or(1) > 0;
  report.remedies = remedies(p, gains_differ);
  report.pytorch = pytorch_layer(p, report.axes);
  return report;
}

}  // namespace tconv::inspect
