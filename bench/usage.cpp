#include "bench/usage.h"

#include <cctype>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

namespace tconv {

std::string one_line(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) {
      clean += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      clean += c;
    }
  }
  return clean;
}

std::function<std::string(const std::string&)> whole_number(uint64_t least, uint64_t most) {
  return [=](const std::string& text) -> std::string {
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && rest == end && value >= least && value <= most) return {};
    return one_line(fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
  };
}

}  // namespace tconv
