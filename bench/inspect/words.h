// Numbers and paragraphs for to_text().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tconv::inspect {

inline constexpr size_t kColumns = 100;

/// 1234567 -> "1,234,567".
std::string grouped(int64_t);
/// Four significant digits, no trailing zeros, and rounding noise below 1e-12 as 0.
std::string number(double);
/// "2n + 0.5": slope and intercept of a line in n.
std::string line_in_n(int64_t slope, double intercept);
/// "0 2 4", or "0 2 4 .. 62 (32)" if there are many.
std::string list(const std::vector<int64_t>&);
std::string list(const std::vector<double>&);
/// "<count> <noun>", with an s unless count is 1.
std::string count_of(int64_t count, std::string_view noun);
/// `text` broken at blanks into lines of at most kColumns. The first starts with `label`, padded to
/// `indent`; the others with blanks.
std::string paragraph(std::string_view label, size_t indent, std::string_view text);

}  // namespace tconv::inspect
