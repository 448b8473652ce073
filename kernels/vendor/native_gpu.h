// Vendors' libraries bring machine code: where it cannot run, and in which words a user is told.
#pragma once

#include <string>
#include <string_view>

namespace tconv::vendor {

/// One line: `library` needs an NVIDIA GPU, and why this is none.
std::string needs_gpu(std::string_view library, std::string_view why);

/// Empty, or that the virtual GPU's runtime is loaded, as it can be on a machine with a GPU. A
/// vendor's library, which has a runtime of its own, would then work, but on pointers that mean
/// nothing to it.
std::string_view virtual_gpu_in_place();

}  // namespace tconv::vendor
