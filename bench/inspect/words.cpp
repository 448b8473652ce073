#include "bench/inspect/words.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tconv::inspect {
namespace {

template <class T, class Print>
std::string shorten(const std::vector<T>& values, Print print) {
  constexpr size_t kMostShown = 9;
  const bool all = values.size() <= kMostShown;
  std::string text;
  for (size_t i = 0; i < (all ? values.size() : 3); ++i) {
    text += (i > 0 ? " " : "") + print(values[i]);
  }
  return all ? text : fmt::format("{} .. {} ({})", text, print(values.back()), values.size());
}

}  // namespace

std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  const int64_t sign = value < 0 ? 1 : 0;
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > sign; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string number(double value) {
  constexpr double kNoise = 1e-12;
  return std::abs(value) < kNoise ? "0" : fmt::format("{:.4g}", value);
}

std::string line_in_n(int64_t slope, double intercept) {
  std::string text = slope == 1 ? "n" : std::to_string(slope) + "n";
  // Multiples of a half: printed exactly.
  if (intercept != 0) text += fmt::format(" {} {}", intercept < 0 ? '-' : '+', std::abs(intercept));
  return text;
}

std::string list(const std::vector<int64_t>& values) {
  return shorten(values, [](int64_t v) { return std::to_string(v); });
}
std::string list(const std::vector<double>& values) { return shorten(values, number); }

std::string count_of(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string paragraph(std::string_view label, size_t indent, std::string_view text) {
  std::string result, line = fmt::format("{:<{}}", label, indent);
  size_t words = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (words > 0 && line.size() + 1 + end > kColumns) {
      result += line + "\n";
      line.assign(indent, ' ');
      words = 0;
    }
    if (words++ > 0) line += ' ';
    line += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result + line + "\n";
}

}  // namespace tconv::inspect
