#include "reference/cudart/faults.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace cudart {
namespace {

struct Fault {
  std::string_view name;
  cudaError_t code;
  uint64_t at = 0;  // 0: never
  uint64_t calls = 0;
};
using Plan = std::array<Fault, 3>;

bool read_item(Plan& plan, std::string_view item) {
  const size_t colon = item.find(':');
  if (colon == item.npos) return false;
  const std::string_view number = item.substr(colon + 1);
  for (Fault& fault : plan) {
    if (fault.name != item.substr(0, colon)) continue;
    const auto [end, error] = std::from_chars(number.begin(), number.end(), fault.at);
    return error == std::errc{} && end == number.end() && fault.at > 0;
  }
  return false;
}

Plan read_plan() {
  Plan plan{{{"malloc", cudaErrorMemoryAllocation},
             {"launch", cudaErrorLaunchFailure},
             {"memcpy", cudaErrorInvalidValue}}};
  const char* text = std::getenv("PTXVM_FAIL");
  for (std::string_view rest = text ? text : ""; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    if (!read_item(plan, item))
      fail(cudaErrorInitializationError,
           "PTXVM_FAIL has '" + std::string(item) +
               "': must be malloc, launch or memcpy, a colon and a number from 1");
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
  }
  return plan;
}

}  // namespace

void count_call(FaultKind kind) {
  static Plan plan = read_plan();
  Fault& fault = plan[static_cast<size_t>(kind)];
  if (++fault.calls == fault.at)
    fail(fault.code, "PTXVM_FAIL: " + std::string(fault.name) + " number " +
                         std::to_string(fault.at) + " fails as planned");
}

}  // namespace cudart
