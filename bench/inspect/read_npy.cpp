#include "bench/inspect/read_npy.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "reference/problem.h"

namespace tconv::inspect {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
// More elements than any layer has weights; a header is not to be trusted with an allocation.
constexpr int64_t kMostElements = int64_t{1} << 31;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw ProblemError(file.string() + ": " + why);
}

/// The text after `'key':` in the header's Python dict, without leading blanks.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "':";
  const size_t at = header.find(quoted);
  if (at == std::string_view::npos) return {};
  header.remove_prefix(at + quoted.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

/// The integers of "(2, 3)", "(5,)" or "()". Empty optional-like result is told apart by `ok`.
std::vector<int64_t> parse_shape(std::string_view text, bool& ok) {
  std::vector<int64_t> dims;
  ok = !text.empty() && text.front() == '(' && text.find(')') != std::string_view::npos;
  if (!ok) return dims;
  text = text.substr(1, text.find(')') - 1);
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.empty()) return dims;
    int64_t dim = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (error != std::errc() || dim < 0) {
      ok = false;
      return dims;
    }
    dims.push_back(dim);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
}

template <class T>
std::vector<double> widen(std::string_view bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

}  // namespace

Array read_npy(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) fail(file, "cannot be read");
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  std::string_view rest = content;

  // Magic, version, length of the header (two bytes in version 1, four later), header, data.
  if (rest.substr(0, kMagic.size()) != kMagic || rest.size() < 12) fail(file, "is not a .npy file");
  const size_t length_bytes = rest[kMagic.size()] == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<size_t>(static_cast<unsigned char>(rest[kMagic.size() + 2 + i]))
              << (8 * i);
  }
  rest.remove_prefix(kMagic.size() + 2 + length_bytes);
  if (length > rest.size()) fail(file, "ends within its header");
  const std::string_view header = rest.substr(0, length);
  rest.remove_prefix(length);

  const std::string_view type = value_of(header, "descr").substr(0, 5);
  if (type != "'<f4'" && type != "'<f8'") fail(file, "must hold float32 or float64, little-endian");
  if (value_of(header, "fortran_order").substr(0, 5) != "False") fail(file, "must be in C order");
  bool ok = false;
  Array array{parse_shape(value_of(header, "shape"), ok), {}};
  if (!ok) fail(file, "has no readable shape");
  int64_t count = 1;
  for (const int64_t dim : array.dims) {
    if (dim != 0 && count > kMostElements / dim) fail(file, "is larger than any layer's weights");
    count *= dim;
  }
  const size_t element = type == "'<f4'" ? sizeof(float) : sizeof(double);
  if (rest.size() != static_cast<size_t>(count) * element) {
    fail(file, "holds " + std::to_string(rest.size()) + " bytes of data, its shape asks for " +
                   std::to_string(static_cast<size_t>(count) * element));
  }
  array.values = element == sizeof(float) ? widen<float>(rest) : widen<double>(rest);
  for (const double value : array.values) {
    if (!std::isfinite(value)) fail(file, "holds a value that is not finite");
  }
  return array;
}

}  // namespace tconv::inspect
