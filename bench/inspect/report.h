// Everything that tconv_inspect says about one layer.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/inspect/axis_report.h"
#include "bench/inspect/filter_report.h"
#include "bench/inspect/remedies.h"
#include "bench/inspect/work_report.h"
#include "reference/device_profile.h"
#include "reference/problem.h"

namespace tconv::inspect {

/// What to look at beside the layer itself.
struct Question {
  std::string kernel;  ///< for make_kernel(); empty: no filter report
  bool rotate = false;
  std::vector<const DeviceProfile*> gpus;
  /// Multiply-adds of each strategy that this program contains; none in a host-only build.
  std::function<std::vector<StrategyWork>(const Problem&)> strategies;
};

struct Report {
  Problem problem;
  std::vector<AxisReport> axes;  ///< of the problem's rank
  std::vector<Organisation> organisations;
  std::vector<StrategyWork> strategies;
  std::vector<Intensity> intensities;
  std::vector<Roofline> rooflines;
  Fans fans{};
  std::optional<FilterReport> filter;
  std::vector<Remedy> remedies;
  /// The layer in PyTorch's words; absent if its trim is none that output_padding gives.
  std::optional<std::string> pytorch;
};

/// Throws ProblemError for what is too large to inspect and for a kernel that does not fit.
Report inspect(const Problem&, const Question&);

}  // namespace tconv::inspect
