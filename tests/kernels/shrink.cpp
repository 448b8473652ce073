#include "tests/kernels/shrink.h"

#include <array>
#include <optional>
#include <vector>

namespace tconv {
namespace {

struct DraftAxis {
  int64_t in, kernel, stride, dilation, crop_lo, crop_hi;
};

/// A case in terms that can be changed one at a time: channels per group, crops instead of outputs.
struct Draft {
  FuzzCase base;  // strategy, config, mode
  int64_t batch, groups, ic, oc, misalign, seed;
  std::vector<DraftAxis> axes;

  explicit Draft(const FuzzCase& c)
      : base(c),
        batch(c.problem.batch),
        groups(c.problem.groups),
        ic(c.problem.ic_per_group()),
        oc(c.problem.oc_per_group()),
        misalign(c.misalign),
        seed(static_cast<int64_t>(c.seed)) {
    for (size_t k = 3 - static_cast<size_t>(c.problem.rank); k < 3; ++k) {
      const Axis& a = c.problem.axes[k];
      axes.push_back({a.in, a.kernel, a.stride, a.dilation, a.crop_lo, a.crop_hi()});
    }
  }

  /// Empty if the parts do not make a layer.
  std::optional<FuzzCase> build() const {
    FuzzCase c = base;
    Problem& p = c.problem;
    p.rank = static_cast<int>(axes.size());
    p.batch = batch;
    p.groups = groups;
    p.in_channels = groups * ic;
    p.out_channels = groups * oc;
    p.axes.fill(Axis{});
    for (size_t k = 0; k < axes.size(); ++k) {
      const DraftAxis& from = axes[k];
      Axis& a = p.axes[3 - axes.size() + k];
      a = {from.in, 1, from.kernel, from.stride, from.dilation, from.crop_lo};
      a.out = a.full() - from.crop_lo - from.crop_hi;
    }
    c.misalign = misalign;
    c.seed = static_cast<uint64_t>(seed);
    try {
      p.validate();
    } catch (const ProblemError&) {
      return std::nullopt;
    }
    return c;
  }
};

struct Number {
  int64_t* value;
  int64_t simplest;
};

std::vector<Number> numbers_of(Draft& d) {
  std::vector<Number> numbers{{&d.batch, 1}, {&d.groups, 1}, {&d.ic, 1}, {&d.oc, 1}};
  for (DraftAxis& a : d.axes) {
    for (int64_t* extent : {&a.in, &a.kernel, &a.stride, &a.dilation})
      numbers.push_back({extent, 1});
    for (int64_t* crop : {&a.crop_lo, &a.crop_hi}) numbers.push_back({crop, 0});
  }
  numbers.push_back({&d.misalign, 0});
  numbers.push_back({&d.seed, 1});
  return numbers;
}

class Shrinker {
 public:
  Shrinker(const FuzzCase& c, const std::function<bool(const FuzzCase&)>& fails)
      : draft_(c), fails_(fails) {}

  FuzzCase run() {
    bool simpler = true;
    while (simpler) {
      simpler = drop_axes();
      simpler |= simplify_config();
      for (size_t n = 0; n < numbers_of(draft_).size(); ++n) simpler |= simplify_number(n);
    }
    return *draft_.build();
  }

 private:
  bool accept(const Draft& candidate) {
    const auto built = candidate.build();
    if (!built || !fails_(*built)) return false;
    draft_ = candidate;
    return true;
  }

  bool drop_axes() {
    bool any = false;
    for (size_t k = 0; k < draft_.axes.size() && draft_.axes.size() > 1;) {
      Draft candidate = draft_;
      candidate.axes.erase(candidate.axes.begin() + static_cast<std::ptrdiff_t>(k));
      if (accept(candidate)) {
        any = true;
      } else {
        ++k;
      }
    }
    return any;
  }

  bool simplify_config() {
    const auto attempt = [&](auto change) {
      Draft candidate = draft_;
      change(candidate.base);
      const Config &now = candidate.base.config, &old = draft_.base.config;
      const bool same = now.dtype == old.dtype && now.layout == old.layout &&
                        now.epilogue == old.epilogue && candidate.base.mode == draft_.base.mode;
      return !same && accept(candidate);
    };
    bool any = attempt([&](FuzzCase& c) { c.config.epilogue = Epilogue::none; });
    any |= attempt([&](FuzzCase& c) { c.config.dtype = DType::f32; });
    any |= attempt([&](FuzzCase& c) { c.config.layout = Layout::nchw; });
    any |= attempt([&](FuzzCase& c) { c.mode = DataMode::int_exact; });
    return any;
  }

  /// The simplest value, or else by halves of the way, or else one step.
  bool simplify_number(size_t n) {
    bool any = false;
    for (bool again = true; again;) {
      again = false;
      const Number now = numbers_of(draft_)[n];
      const int64_t way = *now.value - now.simplest;
      for (const int64_t left : {int64_t{0}, way / 2, way - (way > 0 ? 1 : -1)}) {
        if (way == 0 || left == way) continue;
        Draft candidate = draft_;
        *numbers_of(candidate)[n].value = now.simplest + left;
        if (!accept(candidate)) continue;
        again = any = true;
        break;
      }
    }
    return any;
  }

  Draft draft_;
  const std::function<bool(const FuzzCase&)>& fails_;
};

}  // namespace

FuzzCase shrink(FuzzCase c, const std::function<bool(const FuzzCase&)>& fails) {
  return Shrinker(c, fails).run();
}

}  // namespace tconv
