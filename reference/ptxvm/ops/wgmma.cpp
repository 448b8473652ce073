// wgmma: D = A * B + D for the four warps of a warp group, 16 of the 64 rows each. PTX ISA 9.0,
// section 9.7.15.
//
// Each warp computes its rows when it comes to the instruction, from shared memory as it is then;
// fence and commit_group have nothing left to do. A product is one of all four warps, so who waits
// for it waits until the others have computed theirs: programs let one warp tell that the operands
// may be overwritten. That all four execute it is checked when they have ended (cta.cpp). Precision
// is that of mma (mma.cpp).
//
// Shared operands. Sixteen bytes along the contiguous dimension are a unit; a core matrix is eight
// units. Both offsets of a descriptor are strides between core matrices: without swizzling, of the
// stride offset between those of the next 8 rows of M or N and of the leading offset along K
// (K-major), with it, units of a row lie side by side, `swizzle` bytes to the row. The units of
// each 128 bytes are permuted by exclusive or with address bits 7 to 9.
#include "reference/ptxvm/check/units.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/ops/collective.h"
#include "reference/ptxvm/ops/mma_tile.h"
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/schedule.h"

namespace ptxvm::PTXVM_ISA {
namespace {

constexpr int kUnit = 16, kMaxK = 64;

struct Form {
  uint8_t n8 = 0;  // 8-column blocks of B
  Element a = Element::none, b = Element::none, d = Element::none;
  uint8_t d_registers = 0, a_registers = 0;  // of A 0: in shared memory
  uint16_t flags = 0;
  enum Flag : uint16_t {
    negate_a = 1,
    negate_b = 2,
    a_by_m = 4,
    b_by_n = 8,
    saturate = 16,
    sparse = 32,
    ordered = 64
  };
  bool has(Flag f) const { return flags & f; }
};
static_assert(sizeof(Form) == 8);

/// The 64-bit matrix descriptor; bytes.
struct Descriptor {
  uint32_t start, leading, stride, base, swizzle;
  explicit Descriptor(uint64_t bits) {
    const auto field = [bits](int at) { return uint32_t(bits >> at & 0x3fff) * kUnit; };
    start = field(0), leading = field(16), stride = field(32);
    base = uint32_t(bits >> 49 & 7);
    constexpr uint32_t kSwizzles[] = {kUnit, 128, 64, 32};
    swizzle = kSwizzles[bits >> 62];
  }
  /// Where unit `row` of a core matrix is: number `along` in M or N, `k` in K.
  uint32_t unit(uint32_t along, uint32_t k, uint32_t row, bool k_major) const {
    const uint32_t units = swizzle / kUnit;
    uint32_t offset = row * swizzle;
    if (units == 1)
      offset += along * stride + k * leading;
    else if (k_major)
      offset += along * stride + k / units * leading + k % units * kUnit;
    else
      offset += along % units * kUnit + along / units * leading + k * stride;
    const uint32_t address = start + offset;
    return address ^ (((address >> 7) - base) & (units - 1)) * kUnit;
  }
};

/// 8 rows of M or N times a unit along K, as they are.
void read_units(Warp& w, const Op* op, const Descriptor& from, bool k_major, uint32_t along,
                uint32_t k, uint32_t* units) {
  uint32_t at[8];
  for (uint32_t row = 0; row < 8; ++row) {
    at[row] = from.unit(along, k, row, k_major);
    if (at[row] + kUnit > w.cta->shared_bytes)
      raise(w, op, TrapKind::out_of_bounds, -1,
            "a matrix descriptor leads beyond the block's shared memory");
    __builtin_memcpy(units + row * 4, w.cta->shared + at[row], kUnit);
  }
  check_units(w, op, at, 8, kUnit);
}

/// As numbers in row-major order.
void read_block(Warp& w, const Op* op, const Descriptor& from, Element element, bool k_major,
                uint32_t along, uint32_t k, float* out) {
  alignas(64) uint32_t units[kLanes];
  read_units(w, op, from, k_major, along, k, units);
  if (k_major) return decode(element, units, out);
  alignas(64) float turned[64];
  decode(element, units, turned);
  transpose(turned, 8, out);
}

void negate(float* values, int count) {
  for (int i = 0; i < count; ++i) values[i] = -values[i];
}

/// c += a * b: c two 8 x 8 blocks, a[m + 2 * k] 8 x width, b width x 8 twice.
template <int width>
void multiply(int k_blocks, const float* a, const float* b, float* c) {
  constexpr int n = kVectorBytes / 4 < 8 ? kVectorBytes / 4 : 8;
  using V = Vec<float, n>;
  for (int row = 0; row < 16; ++row)
    for (int x = 0; x < 8; x += n) {
      V sum = load<float, n>(c + row * 8 + x);
      for (int k = 0; k < k_blocks * width; ++k) {
        const float left = a[(row / 8 + 2 * (k / width)) * 8 * width + row % 8 * width + k % width];
        sum = fused(splat<V>(left), load<float, n>(b + k * 8 + x), sum);
      }
      store<float, n>(c + row * 8 + x, sum);
    }
}

void multiply(int width, int k_blocks, const float* a, const float* b, float* c) {
  if (width == 4) return multiply<4>(k_blocks, a, b, c);
  if (width == 8) return multiply<8>(k_blocks, a, b, c);
  return multiply<16>(k_blocks, a, b, c);
}

/// The registers of one 16 x 8 block of D.
struct Block {
  Warp& w;
  const uint32_t* at;

  void read(Element type, float* c) const {
    for (int m = 0; m < 2; ++m) {
      if (type == Element::f16)
        decode(Element::f16, lanes<uint32_t>(w, at[m]), c + m * 64);
      else
        interleave(lanes<float>(w, at[2 * m]), lanes<float>(w, at[2 * m + 1]), c + m * 64);
    }
  }
  void write(Element type, const float* c) const {
    for (int m = 0; m < 2; ++m) {
      if (type == Element::f16)
        encode_half(c + m * 64, lanes<uint32_t>(w, at[m]));
      else
        deinterleave(c + m * 64, lanes<float>(w, at[2 * m]), lanes<float>(w, at[2 * m + 1]));
    }
  }
  /// Sums of products are exact as floats (mma_tile.h).
  void add_integers(const float* sums, bool accumulates, bool saturates) const {
    alignas(64) int32_t c[64];
    for (int m = 0; m < 2; ++m) {
      int32_t *even = lanes<int32_t>(w, at[2 * m]), *odd = lanes<int32_t>(w, at[2 * m + 1]);
      interleave(even, odd, c);
      for (int i = 0; i < 64; ++i) {
        const int32_t before = accumulates ? c[i] : 0;
        if (__builtin_add_overflow(before, int32_t(sums[m * 64 + i]), &c[i]) && saturates)
          c[i] = before < 0 ? INT32_MIN : INT32_MAX;
      }
      deinterleave(c, even, odd);
    }
  }
};

/// The operands behind D: A unless in registers, B, with a sparse A metadata and selector, scale-d.
struct Operands {
  Form f;
  uint32_t a, b, metadata, selector, scale;
  explicit Operands(const Op* op) : f(__builtin_bit_cast(Form, op->imm)) {
    const uint32_t* more = op->more + f.d_registers + f.a_registers;
    const uint32_t all[] = {op->a, op->b, op->c, op->d, f.has(Form::sparse) ? more[0] : kNoOperand};
    const uint32_t* next = all;
    a = f.a_registers ? kNoOperand : *next++;
    b = *next++;
    metadata = f.has(Form::sparse) ? *next++ : kNoOperand;
    selector = f.has(Form::sparse) ? *next++ : kNoOperand;
    scale = *next;
  }
};

bool accumulates(Warp& w, const Op* op, uint32_t scale) {
  return op->narrow_address & kPredicateSource ? predicate(w, scale) & 1
                                               : lanes<uint32_t>(w, scale)[0] != 0;
}

/// Unit k of block m of this warp's 16 rows of A, in lane order.
const uint32_t* a_units(Warp& w, const Op* op, const Operands& at, uint32_t m, uint32_t k,
                        uint32_t* units) {
  if (at.f.a_registers) return lanes<uint32_t>(w, op->more[at.f.d_registers + m + 2 * k]);
  read_units(w, op, Descriptor(lanes<uint64_t>(w, at.a)[0]), true, w.index % 4 * 2 + m, k, units);
  return units;
}

void read_a(Warp& w, const Op* op, const Operands& at, int k_blocks, float* a) {
  const Form& f = at.f;
  const int width = block_width(f.a);
  const bool sparse = f.has(Form::sparse);
  alignas(64) float packed[16 * kMaxK / 2];
  alignas(64) uint32_t units[kLanes];
  for (uint32_t i = 0; i < 4; ++i) {
    float* out = (sparse ? packed : a) + i * 8 * uint32_t(width);
    if (f.has(Form::a_by_m))
      read_block(w, op, Descriptor(lanes<uint64_t>(w, at.a)[0]), f.a, false,
                 w.index % 4 * 2 + i % 2, i / 2, out);
    else
      decode(f.a, a_units(w, op, at, i % 2, i / 2, units), out);
  }
  if (sparse)
    spread(w, op, f.a, k_blocks,
           {at.metadata, lanes<uint32_t>(w, at.selector)[0], f.has(Form::ordered)}, packed, a);
  if (f.has(Form::negate_a)) negate(a, 16 * k_blocks * width);
}

const Op* product(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const Operands at(op);
  const Form& f = at.f;
  const int width = block_width(f.a), k_blocks = f.has(Form::sparse) ? 4 : 2;
  const bool adds = accumulates(w, op, at.scale);
  alignas(64) float a[16 * kMaxK], b[8 * kMaxK], rows[8 * 16];
  read_a(w, op, at, k_blocks, a);

  const Descriptor right(lanes<uint64_t>(w, at.b)[0]);
  for (uint32_t n = 0; n < f.n8; ++n) {
    for (uint32_t k = 0; k < uint32_t(k_blocks); ++k) {
      read_block(w, op, right, f.b, !f.has(Form::b_by_n), n, k, rows);
      transpose(rows, width, b + k * 8 * uint32_t(width));
    }
    if (f.has(Form::negate_b)) negate(b, 8 * k_blocks * width);
    alignas(64) float c[128] = {};
    const Block block{w, op->more + n * (f.d == Element::f16 ? 2 : 4)};
    if (adds && f.d != Element::s32) block.read(f.d, c);
    multiply(width, k_blocks, a, b, c);
    if (f.d == Element::s32)
      block.add_integers(c, adds, f.has(Form::saturate));
    else
      block.write(f.d, c);
  }
  ++w.cta->wgmmas[w.index];
  return op + 1;
}

/// .b1: ones that both have.
const Op* product_of_bits(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  const Operands at(op);
  const bool adds = accumulates(w, op, at.scale);
  const Descriptor right(lanes<uint64_t>(w, at.b)[0]);
  alignas(64) uint32_t left[4][kLanes], columns[2][kLanes];
  for (uint32_t i = 0; i < 4; ++i) {
    const uint32_t* units = a_units(w, op, at, i % 2, i / 2, left[i]);
    if (units != left[i]) __builtin_memcpy(left[i], units, sizeof left[i]);
  }
  for (uint32_t n = 0; n < at.f.n8; ++n) {
    for (uint32_t k = 0; k < 2; ++k) read_units(w, op, right, true, n, k, columns[k]);
    alignas(64) float c[128] = {};
    for (uint32_t i = 0; i < 128; ++i)
      for (uint32_t word = 0; word < 8; ++word) {
        const uint32_t k = word / 4, t = word % 4, row = i / 8, column = i % 8;
        c[i] += float(__builtin_popcount(left[row / 8 + 2 * k][row % 8 * 4 + t] &
                                         columns[k][column * 4 + t]));
      }
    Block{w, op->more + n * 4}.add_integers(c, adds, false);
  }
  ++w.cta->wgmmas[w.index];
  return op + 1;
}

const Op* run_nothing(Warp& w, const Op* op) { return whole_warp(w, op) ? op + 1 : nullptr; }

/// Products of later groups are waited for too: the other warps come to them by themselves.
const Op* wait_group(Warp& w, const Op* op) {
  if (!whole_warp(w, op)) return nullptr;
  constexpr uint32_t kGroup = 4;
  const uint32_t first = w.index / kGroup * kGroup;
  for (uint32_t i = first; i < first + kGroup && i < w.cta->warps.size(); ++i) {
    if (!w.cta->warps[i].alive || w.cta->wgmmas[i] >= w.cta->wgmmas[w.index]) continue;
    w.spins += uint32_t(kFuel / kSpinCost);
    return out_of_fuel(w, op);
  }
  return op + 1;
}

Element element_of(ptx::Type type) {
  using ptx::Type;
  constexpr struct {
    Type type;
    Element element;
  } kElements[] = {
      {Type::f16, Element::f16},   {Type::bf16, Element::bf16}, {Type::tf32, Element::tf32},
      {Type::e4m3, Element::e4m3}, {Type::e5m2, Element::e5m2}, {Type::s8, Element::s8},
      {Type::u8, Element::u8},     {Type::f32, Element::f32},   {Type::s32, Element::s32}};
  for (const auto& row : kElements)
    if (row.type == type) return row.element;
  return Element::none;
}

/// May these stand together?
bool combines(const Form& f) {
  const auto is_8_bit_float = [](Element e) { return e == Element::e4m3 || e == Element::e5m2; };
  const auto is_integer = [](Element e) { return e == Element::s8 || e == Element::u8; };
  if (f.a == Element::f16 && f.b == f.a) return f.d == Element::f16 || f.d == Element::f32;
  if ((f.a == Element::bf16 || f.a == Element::tf32) && f.b == f.a) return f.d == Element::f32;
  if (is_8_bit_float(f.a) && is_8_bit_float(f.b)) return f.d == Element::f16 || f.d == Element::f32;
  return is_integer(f.a) && is_integer(f.b) && f.d == Element::s32;
}

struct Shape {
  uint32_t n = 0, k = 0;
};
Shape shape_of(const ptx::Instruction& in) {
  for (const std::string& m : in.modifiers) {
    if (m.compare(0, 4, "m64n") != 0) continue;
    Shape s;
    size_t i = 4;
    for (; i < m.size() && m[i] >= '0' && m[i] <= '9'; ++i) s.n = s.n * 10 + uint32_t(m[i] - '0');
    for (++i; i < m.size() && m[i] >= '0' && m[i] <= '9'; ++i)
      s.k = s.k * 10 + uint32_t(m[i] - '0');
    return s.n % 8 == 0 && s.n <= 256 ? s : Shape{};
  }
  return {};
}

/// Registers of D and A, and where the operands that only the selector reads begin.
bool fill_operands(const ptx::Instruction& in, Form& f, uint32_t n, size_t behind_scale) {
  f.n8 = uint8_t(n / 8);
  f.d_registers = uint8_t(f.n8 * (f.d == Element::f16 ? 2 : 4));
  if (!n || in.operands.size() < behind_scale) return false;
  f.a_registers = uint8_t(in.operands[1].elements.size());
  for (size_t i = behind_scale; i < in.operands.size(); ++i)
    if (in.operands[i].kind != ptx::Operand::Kind::integer) return false;
  return in.operands[0].elements.size() == f.d_registers &&
         (f.a_registers == 0 || f.a_registers == 4);
}

Selected select_bits(const ptx::Instruction& in) {
  Form f{.a = Element::b1, .b = Element::b1, .d = Element::s32};
  const Shape shape = shape_of(in);
  const bool known = in.has("and") && in.has("popc") && !in.has("sp") && shape.k == 256 &&
                     in.type(0) == ptx::Type::s32 && in.operands.size() == 4;
  if (!known || !fill_operands(in, f, shape.n, 4)) return {};
  return {.handler = product_of_bits, .imm = __builtin_bit_cast(int64_t, f)};
}

Selected select_product(const ptx::Instruction& in) {
  if (in.has("b1")) return select_bits(in);
  Form f;
  f.d = element_of(in.type(0)), f.a = element_of(in.type(1)), f.b = element_of(in.type(2));
  if (!combines(f)) return {};
  const bool ordered = in.has("sp::ordered_metadata"), sparse = in.has("sp") || ordered;
  const size_t scale = sparse ? 6 : 4;  // operands up to scale-d
  const Shape shape = shape_of(in);
  // K is 32 bytes of A.
  if (shape.k != (sparse ? 512u : 256u) / uint32_t(bits_of(f.a))) return {};
  if (!fill_operands(in, f, shape.n, scale)) return {};
  if (in.has("satfinite") && f.d == Element::s32) f.flags |= Form::saturate;
  if (sparse) f.flags |= Form::sparse;
  if (ordered) f.flags |= Form::ordered;
  if (sparse && (in.operands[4].kind != ptx::Operand::Kind::integer ||
                 in.operands[4].bits >= 4u / uint32_t(metadata_threads(f.a, int(shape.k)))))
    return {};
  // scale-a, scale-b, trans-a unless A is in registers, trans-b
  const bool has_trans = bits_of(f.a) == 16;
  const size_t expected = scale + (f.d == Element::s32 ? 0
                                   : has_trans         ? (f.a_registers ? 3 : 4)
                                                       : 2);
  if (in.operands.size() != expected) return {};
  if (expected == scale) return {.handler = product, .imm = __builtin_bit_cast(int64_t, f)};
  if (int64_t(in.operands[scale].bits) < 0) f.flags |= Form::negate_a;
  if (int64_t(in.operands[scale + 1].bits) < 0) f.flags |= Form::negate_b;
  if (expected == scale + 4 && in.operands[scale + 2].bits) f.flags |= Form::a_by_m;
  if (has_trans && in.operands[expected - 1].bits) f.flags |= Form::b_by_n;
  return {.handler = product, .imm = __builtin_bit_cast(int64_t, f)};
}

}  // namespace

Selected select_wgmma(const ptx::Instruction& in) {
  if (in.has("mma_async")) return select_product(in);
  if (in.has("wait_group")) return {wait_group};
  const bool orders = in.has("fence") || in.has("commit_group");
  return orders ? Selected{run_nothing} : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
