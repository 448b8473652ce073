// What lanes do together: shfl, vote, match, redux, activemask, elect.
#include <algorithm>

#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {
namespace {

struct Source {
  int lane;
  bool valid;
};
/// The pseudo-code of PTX ISA 9.0, section 9.7.9.6.
Source source_of(const Case& c) {
  const int lane = c.lane, b = int(c.in(1) & 31), clamp = int(c.in(2) & 31),
            segment = int(c.in(2) >> 8 & 31);
  const int last = (lane & segment) | (clamp & ~segment), first = lane & segment;
  if (c.v.has("up")) return {lane - b, lane - b >= last};
  if (c.v.has("down")) return {lane + b, lane + b <= last};
  if (c.v.has("bfly")) return {lane ^ b, (lane ^ b) <= last};
  const int j = first | (b & ~segment);
  return {j, j <= last};
}
Expected shuffled(const Case& c, int k) {
  const Source s = source_of(c);
  if (k == 1) return exactly(s.valid);
  if (!s.valid) return exactly(c.in(0));
  if (!(c.active >> s.lane & 1)) return unspecified();
  return exactly(c.inputs.in[s.lane][0]);
}

template <class F>
void each_active(const Case& c, F f) {
  for (int l = 0; l < 32; ++l)
    if (c.active >> l & 1) f(l);
}

uint64_t voted(const Case& c) {
  const bool negated = c.v.text.find("!a") != std::string::npos;
  uint64_t votes = 0;
  each_active(c, [&](int l) {
    votes |= uint64_t{((c.inputs.in[l][0] & 0xffffffff) != 0) != negated} << l;
  });
  if (c.v.has("ballot")) return votes;
  if (c.v.has("all")) return votes == c.active;
  return c.v.has("any") ? votes != 0 : votes == c.active || votes == 0;
}

uint64_t matched(const Case& c, int k) {
  const uint64_t mask = low_mask(width_of(c.v.type()));
  uint64_t equal = 0;
  each_active(
      c, [&](int l) { equal |= uint64_t{(c.inputs.in[l][0] & mask) == (c.in(0) & mask)} << l; });
  if (c.v.has("any")) return equal;
  return equal != c.active ? 0 : k == 1 ? 1 : c.active;
}

uint64_t reduced(const Case& c) {
  const std::string t = c.v.type();
  bool first = true;
  __int128 r = 0;
  each_active(c, [&](int l) {
    const __int128 x = integer_value(c.inputs.in[l][0], t);
    if (first)
      r = x;
    else if (c.v.has("add"))
      r += x;
    else if (c.v.has("min"))
      r = std::min(r, x);
    else if (c.v.has("max"))
      r = std::max(r, x);
    else if (c.v.has("and"))
      r &= x;
    else if (c.v.has("or"))
      r |= x;
    else
      r ^= x;
    first = false;
  });
  return uint64_t(r);
}

}  // namespace

bool expect_warp(const Case& c, int k, Expected* r) {
  const std::string& op = c.v.mnemonic;
  const int lowest = std::countr_zero(c.active);
  if (op == "shfl")
    *r = shuffled(c, k);
  else if (op == "vote")
    r->bits = voted(c);
  else if (op == "match")
    r->bits = matched(c, k);
  else if (op == "redux")
    r->bits = reduced(c);
  else if (op == "activemask")
    r->bits = c.active;
  else if (op == "elect")
    r->bits = k == 0 ? uint64_t(lowest) : c.lane == lowest;
  else
    return false;
  return true;
}

}  // namespace ptxvm::test
