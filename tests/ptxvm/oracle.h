// What each instruction must give, computed apart from the machine: integers in 128 bits and bit by
// bit, floats exactly (exact.h), elementary functions in long double with the error bound that the
// PTX ISA states.
#pragma once

#include "tests/ptxvm/exact.h"
#include "tests/ptxvm/op_file.h"

namespace ptxvm::test {

struct Case {
  const Variant& v;
  const Inputs& inputs;
  uint32_t active;
  int lane;
  uint64_t in(int i) const { return inputs.in[lane][i]; }
};

struct Expected {
  enum Kind { exact, unspecified, approximate } kind = exact;
  uint64_t bits = 0;
  // approximate: the value in `layout`, with these errors allowed; either suffices
  long double value = 0, absolute = 0, relative = 0;
  int ulps = 0;
  Layout layout = kF32;
  std::vector<Expected> halves;  // of a pair, low first; if there are any, nothing above counts
};
inline Expected unspecified() {
  Expected e;
  e.kind = Expected::unspecified;
  return e;
}
inline Expected exactly(uint64_t bits) {
  Expected e;
  e.bits = bits;
  return e;
}
inline Expected any_nan(Layout f) {
  Expected e;
  e.kind = Expected::approximate;
  e.value = __builtin_nanl("");
  e.layout = f;
  return e;
}

/// Result number k of a line; nothing here knows of the mnemonic: unspecified is returned and
/// `known` is false.
Expected expect(const Case&, int k, bool* known);

// By family; false if the mnemonic and its types are not theirs.
bool expect_integer(const Case&, int k, Expected*);
bool expect_bits(const Case&, int k, Expected*);
bool expect_float(const Case&, int k, Expected*);
bool expect_compare(const Case&, int k, Expected*);
bool expect_convert(const Case&, int k, Expected*);
bool expect_warp(const Case&, int k, Expected*);

// Shared by the families.
inline int width_of(const std::string& type) {
  if (type == "pred") return 1;
  if (type.ends_with("x2")) return type[0] == 'e' ? 16 : 32;
  if (type == "bf16" || type == "f16") return 16;
  if (type == "tf32") return 32;
  return std::stoi(type.substr(1));
}
inline bool is_float_type(const std::string& type) {
  return type[0] == 'f' || type.starts_with("bf") || type == "tf32";
}
inline uint64_t low_mask(int bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }
/// The value of the low bits as `type` says.
inline __int128 integer_value(uint64_t x, const std::string& type) {
  const int bits = width_of(type);
  x &= low_mask(bits);
  __int128 v = __int128(x);
  if (type[0] == 's' && x >> (bits - 1)) v -= __int128{1} << bits;
  return v;
}
inline Layout layout_of(const std::string& type) {
  return type.starts_with("bf16")  ? kBf16
         : type.starts_with("f16") ? kF16
         : type == "f64"           ? kF64
         : type == "tf32"          ? kTf32
                                   : kF32;
}
inline uint64_t nan_of(Layout f) { return f.p == 53 ? 0 : f.sign_bit() - 1; }
inline bool is_nan(uint64_t x, Layout f) { return (x & (f.sign_bit() - 1)) > f.infinity(); }
inline uint64_t flush_bits(uint64_t x, Layout f) { return x & f.infinity() ? x : x & f.sign_bit(); }

}  // namespace ptxvm::test
