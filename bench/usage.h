// What every command line here does with words it cannot use: one line, and exit status 2.
#pragma once

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
