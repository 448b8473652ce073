#include "reference/ptxvm/liveness.h"

#include <algorithm>

namespace ptxvm {
namespace {

/// Sets of those registers that are read in some block before it writes them; most registers live
/// within one block and need no sets.
class LiveSets {
 public:
  LiveSets(size_t blocks, size_t members) : words_((members + 63) / 64), bits_(blocks * words_) {}
  bool test(size_t block, uint32_t m) const {
    return bits_[block * words_ + m / 64] >> (m % 64) & 1;
  }
  void set(size_t block, uint32_t m) { bits_[block * words_ + m / 64] |= uint64_t{1} << (m % 64); }
  uint64_t* row(size_t block) { return bits_.data() + block * words_; }
  size_t words() const { return words_; }

 private:
  size_t words_;
  std::vector<uint64_t> bits_;
};

constexpr uint32_t kLocal = UINT32_MAX;

template <class Visit>
void for_each_block(const std::vector<FlowBlock>& blocks,
                    const std::vector<RegisterAccess>& accesses, Visit visit) {
  size_t i = 0;
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (; i < accesses.size() && accesses[i].position < blocks[b].end; ++i) visit(b, accesses[i]);
  }
}

bool reads(const RegisterAccess& a) {
  return a.kind == RegisterAccess::Kind::use || a.kind == RegisterAccess::Kind::define_part;
}

/// Numbers the registers that are live into some block.
std::vector<uint32_t> number_globals(const std::vector<FlowBlock>& blocks,
                                     const std::vector<RegisterAccess>& accesses,
                                     uint32_t registers, std::vector<uint32_t>& globals) {
  std::vector<uint32_t> index(registers, kLocal);
  std::vector<uint32_t> defined_in(registers, UINT32_MAX);
  for_each_block(blocks, accesses, [&](size_t b, const RegisterAccess& a) {
    if (reads(a) && defined_in[a.reg] != b && index[a.reg] == kLocal) {
      index[a.reg] = static_cast<uint32_t>(globals.size());
      globals.push_back(a.reg);
    }
    if (!reads(a)) defined_in[a.reg] = static_cast<uint32_t>(b);
  });
  return index;
}

}  // namespace

std::vector<Interval> live_intervals(const std::vector<FlowBlock>& blocks,
                                     const std::vector<RegisterAccess>& accesses,
                                     uint32_t registers) {
  std::vector<uint32_t> globals;
  const std::vector<uint32_t> index = number_globals(blocks, accesses, registers, globals);
  LiveSets in(blocks.size(), globals.size()), kill = in, out = in;
  for_each_block(blocks, accesses, [&](size_t b, const RegisterAccess& a) {
    const uint32_t m = index[a.reg];
    if (m == kLocal) return;
    if (reads(a) && !kill.test(b, m)) in.set(b, m);
    if (!reads(a)) kill.set(b, m);
  });
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = blocks.size(); b-- > 0;) {
      uint64_t* const live_out = out.row(b);
      uint64_t* const live_in = in.row(b);
      const uint64_t* const killed = kill.row(b);
      for (const uint32_t s : blocks[b].successors) {
        const uint64_t* const next = in.row(s);
        for (size_t w = 0; w < out.words(); ++w) live_out[w] |= next[w];
      }
      for (size_t w = 0; w < in.words(); ++w) {
        const uint64_t more = live_in[w] | (live_out[w] & ~killed[w]);
        changed = changed || more != live_in[w];
        live_in[w] = more;
      }
    }
  }
  std::vector<Interval> intervals(registers);
  for (const RegisterAccess& a : accesses) {
    const bool late =
        a.kind == RegisterAccess::Kind::define || a.kind == RegisterAccess::Kind::define_part;
    if (a.kind == RegisterAccess::Kind::define_part) intervals[a.reg].include(2 * a.position);
    intervals[a.reg].include(2 * a.position + (late ? 1 : 0));
    if (a.kind == RegisterAccess::Kind::define_early) intervals[a.reg].include(2 * a.position + 1);
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (blocks[b].begin == blocks[b].end && b != 0) continue;
    for (uint32_t m = 0; m < globals.size(); ++m) {
      if (in.test(b, m)) intervals[globals[m]].include(2 * blocks[b].begin);
      if (out.test(b, m)) intervals[globals[m]].include(2 * std::max(blocks[b].end, 1u) - 1);
    }
  }
  return intervals;
}

}  // namespace ptxvm
