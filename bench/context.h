// Context: everything about a run that its rows have in common. The "context" object of
// tconv-results/1.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/backend.h"
#include "bench/cli.h"
#include "reference/device_profile.h"

namespace tconv::bench {

/// `git describe` of the source that this binary was built from; "unknown" outside a checkout.
std::string git_revision();

/// The profile that bounds are for: the named one, else the one of the device in use, else
/// h100-sxm.
const DeviceProfile& choose_profile(const std::string& name);

/// Asks the runtime, the driver and NVML. What is not known is null.
nlohmann::ordered_json describe_run(const Backend&, const Options&, const DeviceProfile&,
                                    const std::vector<std::string>& argv);

}  // namespace tconv::bench
