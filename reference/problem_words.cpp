// The words for Op, DType, Layout and Epilogue, both ways.
#include <span>
#include <utility>

#include "reference/problem.h"

namespace tconv {
namespace {

template <class E>
using Word = std::pair<E, std::string_view>;

constexpr Word<Op> kOpWords[] = {{Op::fprop, "fprop"},
                                 {Op::dgrad, "dgrad"},
                                 {Op::wgrad, "wgrad"},
                                 {Op::resize_nearest, "resize_nearest"},
                                 {Op::resize_bilinear, "resize_bilinear"},
                                 {Op::pixel_shuffle, "pixel_shuffle"}};
constexpr Word<DType> kDTypes[] = {
    {DType::f32, "f32"}, {DType::tf32, "tf32"}, {DType::f16, "f16"}, {DType::bf16, "bf16"}};
constexpr Word<Layout> kLayouts[] = {{Layout::nchw, "nchw"}, {Layout::nhwc, "nhwc"}};
constexpr Word<Epilogue> kEpilogues[] = {{Epilogue::none, "none"},
                                         {Epilogue::bias, "bias"},
                                         {Epilogue::bias_relu, "bias_relu"},
                                         {Epilogue::bias_leaky_relu, "bias_leaky_relu"},
                                         {Epilogue::bias_tanh, "bias_tanh"}};

template <class E, size_t N>
std::string_view word_of(const Word<E> (&words)[N], E value) {
  for (const auto& [e, word] : words) {
    if (e == value) return word;
  }
  return "?";
}

template <class E, size_t N>
E value_of(const Word<E> (&words)[N], std::string_view text, const char* what) {
  std::string known;
  for (const auto& [e, word] : words) {
    if (word == text) return e;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  throw ProblemError(std::string(what) + " \"" + std::string(text) + "\": must be one of " + known);
}

}  // namespace

std::string_view to_string(Op v) { return word_of(kOpWords, v); }
std::string_view to_string(DType v) { return word_of(kDTypes, v); }
std::string_view to_string(Layout v) { return word_of(kLayouts, v); }
std::string_view to_string(Epilogue v) { return word_of(kEpilogues, v); }
Op parse_op(std::string_view text) { return value_of(kOpWords, text, "op"); }
DType parse_dtype(std::string_view text) { return value_of(kDTypes, text, "dtype"); }
Layout parse_layout(std::string_view text) { return value_of(kLayouts, text, "layout"); }
Epilogue parse_epilogue(std::string_view text) { return value_of(kEpilogues, text, "epilogue"); }
int64_t size_of(DType d) { return d == DType::f32 || d == DType::tf32 ? 4 : 2; }

}  // namespace tconv
