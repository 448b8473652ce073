#include "bench/usage.h"

#include <cctype>

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

}  // namespace tconv
