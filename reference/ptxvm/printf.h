// Device printf's formatting, by the rules of C with the widths of a 64-bit GPU.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ptxvm {

/// `fetch` copies an argument's bytes from the packed buffer, `text` reads a string of the program.
/// converted: arguments used.
std::string format_printf(
    const std::string& format,
    const std::function<bool(uint64_t offset, void* to, uint64_t size)>& fetch,
    const std::function<std::string(uint64_t address)>& text, int& converted);

}  // namespace ptxvm
