// Matrix elements as numbers, written from the definition of each format, and the entries of
// ops/mma.ptx and ops/wmma.ptx by what their names say.
#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace ptxvm::test {

struct MatrixType {
  const char* name;
  int bits, fraction, bias;  // fraction 0: an integer; bits 64: f64; bits 32, fraction 10: tf32
  bool is_signed;
};
inline constexpr MatrixType kMatrixTypes[] = {
    {"f16", 16, 10, 15, true}, {"bf16", 16, 7, 127, true},  {"tf32", 32, 10, 127, true},
    {"e4m3", 8, 3, 7, true},   {"e5m2", 8, 2, 15, true},    {"s8", 8, 0, 0, true},
    {"u8", 8, 0, 0, false},    {"s4", 4, 0, 0, true},       {"u4", 4, 0, 0, false},
    {"b1", 1, 0, 0, false},    {"f64", 64, 52, 1023, true}, {"f32", 32, 23, 127, true},
    {"s32", 32, 0, 0, true},
};
inline const MatrixType& matrix_type(const std::string& name) {
  for (const MatrixType& t : kMatrixTypes)
    if (name == t.name) return t;
  throw std::runtime_error("no type " + name);
}

/// The value of a finite pattern. tf32: the low 13 bits do not count.
inline double value_of(const MatrixType& t, uint64_t bits) {
  if (t.fraction == 0) {
    const auto v = int64_t(bits);
    return double(t.is_signed && v >> (t.bits - 1) & 1 ? v - (int64_t{1} << t.bits) : v);
  }
  if (t.bits == 32 && t.fraction == 10) bits >>= 13;
  const int width = t.bits == 32 && t.fraction == 10 ? 19 : t.bits;
  const uint64_t fraction = bits & ((uint64_t{1} << t.fraction) - 1);
  const int exponent = int(bits >> t.fraction & ((1u << (width - 1 - t.fraction)) - 1));
  const double magnitude =
      exponent ? std::ldexp(1.0 + std::ldexp(double(fraction), -t.fraction), exponent - t.bias)
               : std::ldexp(double(fraction), 1 - t.bias - t.fraction);
  return bits >> (width - 1) & 1 ? -magnitude : magnitude;
}

/// A pattern of moderate size: floats between 1/16 and 4, with a few zeros and subnormals.
inline uint64_t random_pattern(const MatrixType& t, std::mt19937_64& random) {
  if (t.fraction == 0)
    return random() & (t.bits == 64 ? ~uint64_t{0} : (uint64_t{1} << t.bits) - 1);
  const bool tf32 = t.bits == 32 && t.fraction == 10;
  const uint64_t sign = random() & 1, fraction = random() & ((uint64_t{1} << t.fraction) - 1);
  const uint64_t pick = random() % 32;
  const uint64_t exponent = pick < 2 ? 0 : uint64_t(t.bias) - 4 + random() % 6;
  const int width = tf32 ? 19 : t.bits;
  const uint64_t pattern =
      sign << (width - 1) | exponent << t.fraction | (pick == 0 ? 0 : fraction);
  return tf32 ? pattern << 13 | (random() & 0x1fff) : pattern;
}

/// Element i of a lane whose fragment is registers of 32 bits (f64: 64), register r of lane l at
/// r * 32 + l.
inline void put_element(std::vector<uint64_t>& registers, const MatrixType& t, int lane, int i,
                        uint64_t bits) {
  const int per = t.bits >= 32 ? 1 : 32 / t.bits;
  registers[size_t(i / per * 32 + lane)] |= bits << (i % per * t.bits);
}
inline uint64_t get_element(const std::vector<uint64_t>& registers, const MatrixType& t, int lane,
                            int i) {
  const int per = t.bits >= 32 ? 1 : 32 / t.bits;
  const uint64_t mask = t.bits == 64 ? ~uint64_t{0} : (uint64_t{1} << t.bits) - 1;
  return registers[size_t(i / per * 32 + lane)] >> (i % per * t.bits) & mask;
}

struct MatrixEntry {
  std::string name;
  std::vector<std::string> words;
  int m = 0, n = 0, k = 0;
  std::vector<const MatrixType*> types;  // as in the instruction
  bool has(const std::string& word) const {
    for (const std::string& w : words)
      if (w == word) return true;
    return false;
  }
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every .entry of a file of PTX; its name is the instruction with underscores for dots.
inline std::vector<MatrixEntry> matrix_entries(const std::string& ptx) {
  std::vector<MatrixEntry> list;
  const std::regex pattern(R"(\.entry (\w+)\()");
  for (std::sregex_iterator it(ptx.begin(), ptx.end(), pattern), end; it != end; ++it) {
    MatrixEntry e;
    e.name = (*it)[1];
    std::stringstream words(e.name);
    for (std::string word; std::getline(words, word, '_');) {
      e.words.push_back(word);
      std::sscanf(word.c_str(), "m%dn%dk%d", &e.m, &e.n, &e.k);
      for (const MatrixType& t : kMatrixTypes)
        if (word == t.name) e.types.push_back(&t);
    }
    list.push_back(e);
  }
  return list;
}

}  // namespace ptxvm::test
