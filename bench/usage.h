// What every command line here does with words it cannot use: one line, and exit status 2.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tconv {

/// A command line that cannot be run. what() is one line; exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `text` with control characters spelled out: messages stay on one line and on the terminal's good
/// side, whatever was typed.
std::string one_line(std::string_view text);

/// A check of a flag's word: empty, or that it is no whole number from `least` to `most`. CLI11's
/// own lets a number that 64 bits do not hold become the largest that they do.
std::function<std::string(const std::string&)> whole_number(uint64_t least,
                                                            uint64_t most = INT64_MAX);

/// Runs `read` and names the flag in what it throws, as UsageError.
template <class Read>
auto for_flag(std::string_view flag, Read read) {
  try {
    return read();
  } catch (const std::exception& error) {
    throw UsageError(one_line(std::string(flag) + ": " + error.what()));
  }
}

}  // namespace tconv
