// The functions of the CUDA driver that programs ask the runtime for. There is no driver: the few
// that need none of its objects are here, and the others are not found, as by a driver that is too
// old.
#pragma once

#include <string_view>

namespace cudart {

/// The function of that name, or null.
void* driver_function(std::string_view name);

}  // namespace cudart
