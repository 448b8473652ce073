// polyphase_multi: the phases of polyphase, by the same kernel, in a launch for each: what putting
// them into one launch gains, and what a small grid loses, is the difference between the two. A
// launch has exactly the blocks that its phase needs.
#include <cstdint>
#include <string>

#include "kernels/detail/polyphase.h"

namespace tconv {
namespace {

/// Beyond this many the queue of launches would be all there is to see; a stride of 16 on each of
/// three axes still fits.
constexpr int64_t kMostLaunches = 4096;

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse_phases(p, c, /*in_one_launch=*/false); !reason.empty())
    return reason;
  const int64_t launches = detail::phases(p);
  if (launches <= kMostLaunches) return {};
  return "needs " + std::to_string(launches) + " launches, one per phase: takes at most " +
         std::to_string(kMostLaunches);
}

void launch(const Call& call) {
  const int phases = detail::phases(call.problem);
  for (int phase = 0; phase < phases; ++phase) detail::launch_phases(call, phase, 1);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "polyphase_multi",
    .summary = "one dense stride-1 convolution per phase of the outputs, each in its own launch",
    .supports = supports,
    .macs_executed = [](const Problem& p, const Config&) { return detail::phase_macs(p); },
    .prepare = detail::prepare_phases,
    .launch = launch,
})

}  // namespace tconv
