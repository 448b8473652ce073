// Properties and signs of floats: testp, copysign. PTX ISA 9.0, sections 9.7.3.1 and 9.7.3.2.
#include "reference/ptxvm/ops/float.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

enum class Class : int64_t { finite, infinite, number, notanumber, normal, subnormal };
constexpr const char* kClassNames[] = {"finite",     "infinite", "number",
                                       "notanumber", "normal",   "subnormal"};

template <class T>
const Op* testp(Warp& w, const Op* op) {
  using U = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  constexpr int stored = sizeof(T) == 4 ? 23 : 52;
  constexpr U infinity = sizeof(T) == 4 ? U{0xff} << stored : U(uint64_t{0x7ff} << stored);
  const U* a = lanes<U>(w, op->a);
  uint32_t bits = 0;
  each_lane(w.mask, [&](int l) {
    const U size = a[l] & ~(U{1} << (8 * sizeof(U) - 1));
    bool is = false;
    switch (Class(op->imm)) {
      case Class::finite:
        is = size < infinity;
        break;
      case Class::infinite:
        is = size == infinity;
        break;
      case Class::number:
        is = size <= infinity;
        break;
      case Class::notanumber:
        is = size > infinity;
        break;
      case Class::normal:
        is = size == 0 || (size >> stored != 0 && size < infinity);
        break;
      case Class::subnormal:
        is = size != 0 && size >> stored == 0;
        break;
    }
    bits |= uint32_t{is} << l;
  });
  set_predicate(w, op->dst, bits);
  return op + 1;
}

constexpr auto kCopySign = [](auto a, auto b) {
  using V = decltype(a);
  return as<V>((as<BitsOf<V>>(a) & kSignOf<V>) | (as<BitsOf<V>>(b) & ~kSignOf<V>));
};

}  // namespace

Selected select_testp(const Instruction& in) {
  for (const char* const& name : kClassNames) {
    if (!in.has(name)) continue;
    return {in.type() == Type::f64 ? testp<double> : testp<float>, &name - kClassNames};
  }
  return {};
}
Selected select_copysign(const Instruction& in) {
  return by_type<float, double>(in.type(),
                                []<class T>() -> Handler { return binary<T, T, T, kCopySign>; });
}

}  // namespace ptxvm::PTXVM_ISA
