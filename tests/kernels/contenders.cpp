#include "tests/kernels/contenders.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

namespace tconv {
namespace {

/// What a strategy promises: every one of these element types in every one of these layouts, on
/// every problem unless it is picky; and where it fuses epilogues.
struct Promise {
  const char* strategy;
  std::vector<DType> dtypes = {DType::f32};
  std::vector<Layout> layouts = {Layout::nchw};
  Fuses fuses = Fuses::never;
  bool picky = false;
};

const std::vector<DType> kFma = {DType::f32, DType::f16, DType::bf16};
const std::vector<DType> kTensor = {DType::tf32, DType::f16, DType::bf16};
const std::vector<Layout> kBoth = {Layout::nchw, Layout::nhwc};

/// The one place that says so: a strategy that begins to refuse what it promised fails a test, and
/// so does one that supports more than is tested here.
const std::vector<Promise>& promises() {
  static const std::vector<Promise> table = {
      {"gather", kFma, kBoth, Fuses::always},
      {"gemm_col2im", kFma, kBoth, Fuses::always},
      {"implicit_gemm", {DType::f32}, kBoth, Fuses::always},
      {"polyphase", kFma, kBoth, Fuses::always},
      {"polyphase_multi", kFma, kBoth, Fuses::always},
      {"scatter_atomic", kFma, kBoth, Fuses::some_problems},
      {"scatter_nooverlap", kFma, {Layout::nchw}, Fuses::never, /*picky=*/true},
      {"zero_insert", kFma, kBoth, Fuses::always},
      {"dgrad_direct", kFma, kBoth},
      {"dgrad_implicit_gemm", {DType::f32}, kBoth},
      {"wgrad_atomic", kFma, kBoth},
      {"wgrad_direct", kFma, kBoth},
      {"wgrad_implicit_gemm", {DType::f32}, kBoth},
      {"implicit_gemm_mma", kTensor, kBoth, Fuses::always},
      {"implicit_gemm_mma_joined", kTensor, kBoth, Fuses::always, true},
      {"dgrad_implicit_gemm_mma", kTensor, kBoth},
      {"wgrad_implicit_gemm_mma", kTensor, kBoth},
      {"resize_nearest_conv", kFma, kBoth},
      {"resize_nearest_fused", kFma, kBoth},
      {"resize_bilinear_conv", kFma, kBoth},
      {"resize_bilinear_fused", kFma, kBoth},
      {"pixel_shuffle_two_pass", kFma, kBoth, Fuses::never, /*picky=*/true},
      {"pixel_shuffle_fused", kFma, kBoth, Fuses::never, /*picky=*/true},
  };
  return table;
}

const Promise* promise_of(const Strategy& s) {
  const auto& all = promises();
  const auto row =
      std::find_if(all.begin(), all.end(), [&](const Promise& p) { return p.strategy == s.name; });
  return row == all.end() ? nullptr : &*row;
}

}  // namespace

std::string Contender::name() const {
  return strategy->name + '_' + std::string(to_string(config.dtype)) + '_' +
         std::string(to_string(config.layout));
}

std::ostream& operator<<(std::ostream& out, const Contender& c) { return out << c.name(); }

std::vector<const Strategy*> own_strategies() {
  std::vector<const Strategy*> own;
  for (const Strategy& s : strategies()) {
    const auto file = std::filesystem::path(TCONV_SOURCE_DIR) / "kernels" / (s.name + ".cu");
    if (std::filesystem::exists(file)) own.push_back(&s);
  }
  return own;
}

std::vector<Contender> contenders() {
  std::vector<Contender> all;
  for (const Strategy* s : own_strategies()) {
    const Promise* const promise = promise_of(*s);
    if (promise == nullptr) continue;  // a test of its own says so
    for (const DType dtype : promise->dtypes) {
      for (const Layout layout : promise->layouts) {
        all.push_back({s, {dtype, layout}, promise->fuses, promise->picky});
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Contender& a, const Contender& b) {
    return std::tuple(a.strategy->op, a.config.dtype) < std::tuple(b.strategy->op, b.config.dtype);
  });
  return all;
}

bool promised(const Strategy& strategy, const Config& config) {
  const Promise* const promise = promise_of(strategy);
  const auto in = [](const auto& some, auto value) {
    return std::find(some.begin(), some.end(), value) != some.end();
  };
  return promise != nullptr && in(promise->dtypes, config.dtype) &&
         in(promise->layouts, config.layout) &&
         (config.epilogue == Epilogue::none || promise->fuses != Fuses::never);
}

}  // namespace tconv
