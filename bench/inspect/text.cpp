#include "bench/inspect/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "bench/inspect/words.h"

namespace tconv::inspect {
namespace {

constexpr size_t kIndent = 14;
constexpr size_t kMostPhases = 8;

/// Axes that are alike, told together: "h, w".
struct Group {
  std::string letters;
  size_t first;  ///< index of one of them
};

/// `alike` compares two indices of axes.
template <class Alike>
std::vector<Group> group(const Report& r, Alike alike) {
  std::vector<Group> groups;
  for (size_t i = 0; i < r.axes.size(); ++i) {
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const Group& g) { return alike(g.first, i); });
    if (same == groups.end()) {
      groups.push_back({std::string(1, r.axes[i].letter), i});
    } else {
      same->letters += std::string(", ") + r.axes[i].letter;
    }
  }
  return groups;
}

std::string entry(std::string_view label, std::string_view text) {
  return paragraph("  " + std::string(label), kIndent, text);
}

std::string heading_text(const Report& r) {
  const Problem& p = r.problem;
  std::string text = paragraph("", 0, p.label());
  if (!p.name.empty()) text += paragraph("", 0, p.str());
  text +=
      fmt::format("{}-D, {} -> {}, batch {}, groups {}, class {}\n", p.rank, grouped(p.in_channels),
                  count_of(p.out_channels, "channel"), p.batch, p.groups, p.shape_class());
  if (r.pytorch) text += paragraph("", 0, "PyTorch: " + *r.pytorch);
  text += fmt::format("as a matrix, one channel to one channel: C^T is {} x {}, C is {} x {}\n",
                      grouped(p.out_spatial()), grouped(p.in_spatial()), grouped(p.in_spatial()),
                      grouped(p.out_spatial()));
  return text;
}

std::string sizes_text(const AxisReport& a) {
  const Axis& x = a.axis;
  std::string text = entry(
      "sizes", fmt::format("{} -> {}   kernel {}, stride {}, dilation {}, crop {} low, {} high",
                           grouped(x.in), grouped(x.out), x.kernel, x.stride, x.dilation, x.crop_lo,
                           x.crop_hi()));
  std::string range = fmt::format(
      "(I-1)s - 2p + d(k-1) + 1 = {}; a convolution makes {} of every size from {} to {}; ",
      grouped(a.forward_sizes.first), grouped(x.in), grouped(a.forward_sizes.first),
      grouped(a.forward_sizes.end - 1));
  if (a.has_framework_form()) {
    range += fmt::format("output padding {} picks {}", a.output_padding, grouped(x.out));
  } else {
    range += fmt::format("{} is {} from the first of them, which no output padding gives: crop",
                         grouped(x.out), a.output_padding);
  }
  return text + entry("", range);
}

std::string phases_text(const AxisReport& a) {
  std::string split = count_of(a.axis.stride, "phase");
  if (a.split.skipped > 0) {
    split += fmt::format(
        "; stride and dilation share a factor: {} of them are sub-problems of "
        "dilation {}, {} receive nothing",
        a.split.classes, a.split.dilation, a.split.skipped);
  }
  std::string text = entry("phases", split);
  for (size_t q = 0; q < std::min(a.phases.size(), kMostPhases); ++q) {
    const Phase& phase = a.phases[q];
    const std::string taps = phase.taps.empty() ? "no taps" : "taps " + list(phase.taps);
    const std::string outputs =
        phase.outputs.count == 0
            ? "no output"
            : fmt::format("{} from {}", count_of(phase.outputs.count, "output"),
                          phase.outputs.first);
    text += entry("", fmt::format("{}: {:<28} {}", phase.index, taps, outputs));
  }
  if (a.phases.size() > kMostPhases) {
    text += entry("", fmt::format("and {} more", a.phases.size() - kMostPhases));
  }
  return text;
}

std::string coverage_text(const AxisReport& a) {
  const int64_t classes = a.split.classes;
  std::string interior = fmt::format("taps per output, interior: mean {}, variance {}",
                                     number(a.interior.mean), number(a.interior.variance));
  if (a.variance_formula) {
    interior += fmt::format(" = (r/s)(1 - r/s) with r = k mod s = {}", a.axis.kernel % classes);
  }
  interior += a.interior.variance == 0 ? ": even" : ": uneven, expect a pattern of period s";
  if (a.gap > 0) interior += fmt::format("; gaps {} wide receive nothing", a.gap);
  std::string text = entry("coverage", interior);
  if (!a.coverage) return text + entry("", "borders: the axis is too long to count");
  std::string counted = fmt::format("borders included: mean {}, variance {};", number(a.mean),
                                    number(a.coverage->variance));
  const auto& histogram = a.coverage->histogram;
  size_t shown = 0;
  for (const auto& [taps, outputs] : histogram) {
    if (++shown > kMostPhases) {
      counted += fmt::format(" up to {} taps", histogram.rbegin()->first);
      break;
    }
    counted +=
        fmt::format("{} {} x {}", shown > 1 ? "," : "", grouped(outputs), count_of(taps, "tap"));
  }
  text += entry("", counted);
  constexpr size_t kLongestMap = 32;
  if (a.coverage->map.size() > kLongestMap) return text;
  std::string map = "map:";
  for (const int64_t taps : a.coverage->map) map += " " + std::to_string(taps);
  return text + entry("", map);
}

std::string alignment_text(const AxisReport& a) {
  std::string text =
      entry("alignment",
            fmt::format("input n is centred on output f(n) = {}; output 0 sees input position "
                        "{}",
                        line_in_n(a.axis.stride, a.centre), number(a.offset)));
  text +=
      entry("", fmt::format("grid offset (2p - d(k-1))/(2s) = {}, in inputs; positive: the image "
                            "lies towards lower output indices. The other sign, (d(k-1)-2p)/(2s) = "
                            "{}, tells how far input 0 lies beyond output 0",
                            number(a.offset), number(-a.offset)));
  if (a.half_pixel_shift == 0) {
    return text + entry("", "as resizing aligns it: pixel areas coincide");
  }
  return text +
         entry("", fmt::format(
                       "against resizing, which makes pixel areas coincide, the image "
                       "lies {} towards {} indices",
                       count_of(1, "output").replace(0, 1, number(std::abs(a.half_pixel_shift))),
                       a.half_pixel_shift > 0 ? "higher" : "lower"));
}

std::string work_text(const Report& r) {
  const auto needed = static_cast<double>(r.problem.macs_needed());
  std::string text = "work\n";
  const auto row = [&](std::string_view name, int64_t macs, std::string_view idea) {
    const std::string ratio =
        needed > 0 ? fmt::format("{:.3g}x", static_cast<double>(macs) / needed) : "";
    text +=
        paragraph(fmt::format("  {:<18}{:>22} MACs {:>7}  ", name, grouped(macs), ratio), 59, idea);
  };
  for (const Organisation& o : r.organisations) row(o.name, o.macs, o.idea);
  for (const StrategyWork& s : r.strategies)
    row(s.name, s.macs, "strategy, f32 nchw, tiles included");
  return text;
}

std::string table_row(const std::vector<std::string>& cells) {
  std::string row = " ";
  for (const std::string& cell : cells) row += fmt::format(" {:<19}", cell);
  return row.substr(0, row.find_last_not_of(' ') + 1) + '\n';
}

std::string roofline_text(const Report& r) {
  std::string text = "roofline: arithmetic intensity of the needed work over compulsory bytes\n";
  std::vector<std::string> cells{"FLOP/byte"};
  for (const Intensity& i : r.intensities) {
    cells.push_back(fmt::format("{} {}", to_string(i.dtype), number(i.flops_per_byte)));
  }
  text += table_row(cells);
  for (const Roofline& line : r.rooflines) {
    cells.assign(1, std::string(line.profile));
    for (const RooflineSide& side : line.sides) {
      const std::string_view where = side.compute_bound ? "compute" : "memory";
      cells.push_back(side.ridge ? fmt::format("{} ({})", where, number(*side.ridge))
                                 : "no such pipe");
    }
    text += table_row(cells);
  }
  return text + "  the side it falls on, with the ridge in FLOP/byte\n";
}

std::string initialisation_text(const Fans& f) {
  return paragraph(
      "initialisation  ", 16,
      fmt::format("fan-in {} (ic/g taps / strides, mean per output), fan-out {} (oc/g "
                  "taps); He: standard deviation {}. For the convolution with the same "
                  "weights the roles swap: fan-in {}, fan-out {}",
                  number(f.fan_in), grouped(f.fan_out), number(f.he_std), grouped(f.convolution_in),
                  number(f.convolution_out)));
}

std::string spread_words(const std::optional<double>& spread) {
  if (!spread) return "gains cancel: a constant comes out as pattern only";
  return *spread == 0 ? "0: no checkerboard" : fmt::format("{} of the mean", number(*spread));
}

std::string axis_filter_text(const AxisFilter& f, const AxisReport& a) {
  std::string text = entry("taps", list(f.taps));
  text += entry("ideal taps", list(f.ideal_taps) + "   (sin(pi n/s)/(pi n/s), low-pass of gain s)");
  for (size_t q = 0; q < std::min(f.phases.size(), kMostPhases); ++q) {
    const PhaseFilter& phase = f.phases[q];
    text += entry(fmt::format("h{}", q),
                  fmt::format("DC gain {:<8} at its Nyquist {:<8} taps {}", number(phase.dc_gain),
                              number(phase.nyquist), list(phase.taps)));
  }
  text += entry("spread", fmt::format("DC gains: {}; at Nyquist: {} between phases",
                                      spread_words(f.spread), number(f.nyquist_spread)));
  std::string response = fmt::format("{} of the energy lies beyond pi/s, the ideal's edge",
                                     fmt::format("{:.3g} %", 100 * f.stopband));
  if (f.leakage && a.axis.stride > 1) {
    response += fmt::format("; of a constant, {} is left at the strongest of {}",
                            number(*f.leakage), count_of(a.axis.stride - 1, "image"));
  }
  text += entry("response", response);
  std::vector<double> here, ideal;
  for (size_t i = 0; i < f.magnitude.size(); i += f.magnitude.size() / 8) {
    here.push_back(f.magnitude[i]);
    ideal.push_back(f.ideal_magnitude[i]);
  }
  text += entry("", "|H| at 0, pi/8, .. pi: " + list(here));
  return text + entry("", "the ideal:            " + list(ideal));
}

std::string response_text(std::string_view label, const std::optional<Response>& response) {
  constexpr int64_t kWidest = 12;
  constexpr int64_t kTallest = 16;
  if (!response || response->dims[0] != 1 || response->dims[1] > kTallest ||
      response->dims[2] > kWidest) {
    return {};
  }
  std::string text;
  for (int64_t row = 0; row < response->dims[1]; ++row) {
    std::string line;
    for (int64_t column = 0; column < response->dims[2]; ++column) {
      line += fmt::format(
          "{:>7}",
          fmt::format("{:.3g}",
                      response->values[static_cast<size_t>(row * response->dims[2] + column)]));
    }
    text += fmt::format("  {:<12}{}\n", row == 0 ? label : "", line);
  }
  return text;
}

std::string filter_text(const Report& r) {
  const FilterReport& f = *r.filter;
  std::string text = paragraph("kernel", 8, f.kernel.source);
  const auto alike = [&](size_t a, size_t b) {
    return r.axes[a].axis == r.axes[b].axis && f.axes[a].taps == f.axes[b].taps;
  };
  for (const Group& g : group(r, alike)) {
    text +=
        fmt::format(" axis {}\n", g.letters) + axis_filter_text(f.axes[g.first], r.axes[g.first]);
  }
  text += " all axes\n" +
          entry("spread", fmt::format("DC gains of {}: {}",
                                      count_of(static_cast<int64_t>(f.gains.size()), "phase"),
                                      spread_words(f.spread)));
  text += response_text("impulse", f.impulse);
  text += response_text("constant", f.constant);
  text += response_text("1, 2, 3, ..", f.ramp);
  if (f.matrix) {
    const auto& one = r.problem;
    text +=
        response_text("matrix C^T", Response{{1, one.out_spatial(), one.in_spatial()}, *f.matrix});
  }
  return text;
}

std::string remedies_text(const Report& r) {
  if (r.remedies.empty()) return {};
  std::string text = "against the checkerboard\n";
  for (const Remedy& remedy : r.remedies) {
    std::string what = remedy.what;
    if (remedy.problem) what += ": " + *remedy.problem;
    if (remedy.macs) what += fmt::format(" ({} MACs)", grouped(*remedy.macs));
    text += paragraph("  " + remedy.name, 20, what);
  }
  return text;
}

std::string layer_text(const Report& r) {
  std::string text = heading_text(r);
  const auto alike = [&](size_t a, size_t b) { return r.axes[a].axis == r.axes[b].axis; };
  for (const Group& g : group(r, alike)) {
    const AxisReport& a = r.axes[g.first];
    text += fmt::format("axis {}\n", g.letters) + sizes_text(a) + phases_text(a) +
            coverage_text(a) + alignment_text(a);
  }
  text += work_text(r) + roofline_text(r) + initialisation_text(r.fans);
  if (r.filter) text += filter_text(r);
  return text + remedies_text(r);
}

}  // namespace

std::string to_text(std::span<const Report> reports) {
  std::string text;
  for (const Report& report : reports) text += (text.empty() ? "" : "\n") + layer_text(report);
  return text;
}

}  // namespace tconv::inspect
