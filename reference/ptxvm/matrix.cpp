#include "reference/ptxvm/matrix.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace ptxvm {
namespace {

constexpr std::pair<std::string_view, Element> kElements[] = {
    {"f16", Element::f16},   {"bf16", Element::bf16}, {"tf32", Element::tf32},
    {"e4m3", Element::e4m3}, {"e5m2", Element::e5m2}, {"s8", Element::s8},
    {"u8", Element::u8},     {"s4", Element::s4},     {"u4", Element::u4},
    {"b1", Element::b1},     {"f64", Element::f64},   {"f32", Element::f32},
    {"s32", Element::s32},
};

struct Shape {
  int m = 0, n = 0, k = 0;
  bool operator==(const Shape&) const = default;
};

/// Element types that go together, and the shapes that exist for them.
struct Family {
  std::vector<Element> inputs, accumulators;
  bool mixed;  // A and B may differ
  std::vector<Shape> mma, wmma, sparse;
};
const std::vector<Family>& families() {
  using enum Element;
  static const std::vector<Shape> wide = {{16, 16, 16}, {8, 32, 16}, {32, 8, 16}},
                                  half = {{16, 8, 16}, {16, 8, 32}},
                                  bytes = {{16, 8, 32}, {16, 8, 64}};
  static const std::vector<Family> table = {
      {{f16}, {f16, f32}, false, {{16, 8, 8}, {16, 8, 16}}, wide, half},
      {{bf16}, {f32}, false, {{16, 8, 8}, {16, 8, 16}}, wide, half},
      {{tf32}, {f32}, false, {{16, 8, 4}, {16, 8, 8}}, {{16, 16, 8}}, {{16, 8, 8}, {16, 8, 16}}},
      {{e4m3, e5m2}, {f16, f32}, true, {{16, 8, 16}, {16, 8, 32}}, {}, {{16, 8, 64}}},
      {{f64}, {f64}, false, {{8, 8, 4}, {16, 8, 4}, {16, 8, 8}, {16, 8, 16}}, {{8, 8, 4}}, {}},
      {{s8, u8}, {s32}, true, {{8, 8, 16}, {16, 8, 16}, {16, 8, 32}}, wide, bytes},
      {{s4, u4},
       {s32},
       true,
       {{8, 8, 32}, {16, 8, 32}, {16, 8, 64}},
       {{8, 8, 32}},
       {{16, 8, 64}, {16, 8, 128}}},
      {{b1}, {s32}, false, {{8, 8, 128}, {16, 8, 128}, {16, 8, 256}}, {{8, 8, 128}}, {}},
  };
  return table;
}

bool contains(const auto& list, const auto& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

const Family* family_of(Element a) {
  for (const Family& f : families())
    if (contains(f.inputs, a)) return &f;
  return nullptr;
}

std::vector<Element> elements_of(const ptx::Instruction& in) {
  std::vector<Element> list;
  for (const std::string& modifier : in.modifiers)
    for (const auto& [word, element] : kElements)
      if (word == modifier) list.push_back(element);
  return list;
}

Shape shape_of(const ptx::Instruction& in) {
  Shape s;
  for (const std::string& modifier : in.modifiers)
    if (std::sscanf(modifier.c_str(), "m%dn%dk%d", &s.m, &s.n, &s.k) == 3) return s;
  return {};
}

std::vector<std::string_view> layouts_of(const ptx::Instruction& in) {
  std::vector<std::string_view> list;
  for (const std::string& modifier : in.modifiers)
    if (modifier == "row" || modifier == "col") list.push_back(modifier);
  return list;
}

size_t registers_of(const ptx::Operand& o) {
  return o.kind == ptx::Operand::Kind::vector ? o.elements.size() : 1;
}

/// Do the operands have the registers that the form asks for? `spare`: A and B may have more.
bool operands_fit(const ptx::Instruction& in, MmaForm& form, bool spare) {
  const bool sparse = form.has(MmaForm::sparse);
  if (in.operands.size() != (sparse ? 6 : 4)) return false;
  const size_t blocks = size_t{form.m8} * form.n8;
  const size_t wanted[] = {blocks * (form.has(MmaForm::d_half) ? 1 : 2),
                           size_t{form.m8} * form.k_blocks / (sparse ? 2 : 1),
                           size_t{form.n8} * form.k_blocks,
                           blocks * (form.has(MmaForm::c_half) ? 1 : 2)};
  for (int i = 0; i < 4; ++i) {
    const size_t given = registers_of(in.operands[size_t(i)]);
    const bool input = i == 1 || i == 2,
               braces = in.operands[size_t(i)].kind == ptx::Operand::Kind::vector;
    if (given != wanted[i] && !(spare && input && given % wanted[i] == 0)) return false;
    if (!braces && !input) return false;
  }
  const auto count = [&](int i) {
    return in.operands[size_t(i)].kind == ptx::Operand::Kind::vector
               ? uint8_t(registers_of(in.operands[size_t(i)]))
               : uint8_t{0};
  };
  form.a_registers = count(1);
  form.b_registers = count(2);
  return true;
}

bool fill(const ptx::Instruction& in, MmaForm& form, Shape s, const std::vector<Element>& types,
          bool wmma) {
  const Element d = types[0], a = types[1], b = types[2], c = types[3];
  const Family* family = family_of(a);
  if (!family || !contains(family->inputs, b) || (a != b && !family->mixed)) return false;
  if (!contains(family->accumulators, c) || !contains(family->accumulators, d)) return false;
  const bool sparse = in.has("sp") || in.has("sp::ordered_metadata");
  if (!contains(wmma ? family->wmma : sparse ? family->sparse : family->mma, s)) return false;
  const int width = block_width(a);
  form = {.m8 = uint8_t(s.m / 8),
          .n8 = uint8_t(s.n / 8),
          .k_blocks = uint8_t(s.k / width),
          .a = a,
          .b = b};
  if (c == Element::f16) form.flags |= MmaForm::c_half;
  if (d == Element::f16) form.flags |= MmaForm::d_half;
  if (in.has("satfinite")) {
    if (c != Element::s32) return false;
    form.flags |= MmaForm::saturate;
  }
  if (in.has("and")) form.flags |= MmaForm::bit_and;
  if (sparse) form.flags |= MmaForm::sparse;
  if (in.has("sp::ordered_metadata")) form.flags |= MmaForm::ordered;
  if (a == Element::b1 && (!in.has("popc") || in.has("xor") == in.has("and"))) return false;
  for (const char* other : {"rz", "rm", "rp"})
    if (in.has(other)) return false;
  return true;
}

}  // namespace

bool mma_form(const ptx::Instruction& in, MmaForm& form) {
  const std::vector<Element> types = elements_of(in);
  const std::vector<std::string_view> layouts = layouts_of(in);
  if (types.size() != 4 || layouts.size() != 2) return false;
  const Shape shape = shape_of(in);
  if (shape == Shape{8, 8, 4} && types[1] == Element::f16 && types[2] == Element::f16) {
    form = {.m8 = 1, .n8 = 1, .a = Element::f16, .b = Element::f16};
    if (types[3] == Element::f16) form.flags |= MmaForm::c_half;
    if (types[0] == Element::f16) form.flags |= MmaForm::d_half;
    if (layouts[0] == "col") form.flags |= MmaForm::a_column;
    if (layouts[1] == "col") form.flags |= MmaForm::b_column;
    const size_t wanted[] = {types[0] == Element::f16 ? 4u : 8u, 2, 2,
                             types[3] == Element::f16 ? 4u : 8u};
    for (const Element e : {types[0], types[3]})
      if (e != Element::f16 && e != Element::f32) return false;
    if (in.operands.size() != 4) return false;
    for (const char* word : {"satfinite", "sp", "sp::ordered_metadata"})
      if (in.has(word)) return false;
    for (size_t i = 0; i < 4; ++i)
      if (in.operands[i].elements.size() != wanted[i]) return false;
    form.a_registers = form.b_registers = 2;
    return true;
  }
  if (layouts[0] != "row" || layouts[1] != "col") return false;
  if (!fill(in, form, shape, types, false) || !operands_fit(in, form, false)) return false;
  if (!form.has(MmaForm::sparse)) return true;
  const ptx::Operand& selector = in.operands[5];
  return selector.kind == ptx::Operand::Kind::integer &&
         selector.bits < 4u / uint32_t(metadata_threads(form.a, shape.k));
}

bool wmma_mma_form(const ptx::Instruction& in, MmaForm& form) {
  std::vector<Element> types = elements_of(in);
  if (types.size() == 2)
    types = {types[0], Element::f16, Element::f16, types[1]};  // f16 is not said
  return types.size() == 4 && fill(in, form, shape_of(in), types, true) &&
         operands_fit(in, form, true);
}

bool wmma_fragment_form(const ptx::Instruction& in, FragmentForm& form) {
  const std::vector<Element> types = elements_of(in);
  const std::vector<std::string_view> layouts = layouts_of(in);
  if (types.size() != 1 || layouts.size() != 1 || in.modifiers.size() < 2 || in.operands.size() < 2)
    return false;
  const bool store = in.modifiers[0] == "store", row = layouts[0] == "row";
  const Shape s = shape_of(in);
  const char which = in.modifiers[1].size() == 1 ? in.modifiers[1][0] : '?';
  form.element = types[0];
  form.space = in.space();
  const ptx::Operand& fragment = in.operands[store ? 1 : 0];
  if (fragment.kind != ptx::Operand::Kind::vector) return false;
  form.registers = uint8_t(registers_of(fragment));
  int small = 0, wide = 0, width = 8;
  bool known = false;
  for (const Family& f : families())
    known |= contains(f.wmma, s) &&
             contains(which == 'c' || which == 'd' ? f.accumulators : f.inputs, types[0]);
  if (!known) return false;
  if (which == 'a' && !store) {
    small = s.m, wide = s.k, width = block_width(types[0]);
    form.wide_side_contiguous = row;
  } else if (which == 'b' && !store) {
    small = s.n, wide = s.k, width = block_width(types[0]);
    form.wide_side_contiguous = !row;
  } else if (which == (store ? 'd' : 'c')) {
    small = s.m, wide = s.n;
    form.wide_side_contiguous = row;
    form.accumulator = true;
  } else {
    return false;
  }
  if (bits_of(types[0]) < 8 && !form.wide_side_contiguous) return false;
  form.blocks8 = uint8_t(small / 8);
  form.blocks_w = uint8_t(wide / width);
  form.stride = uint8_t(form.wide_side_contiguous ? wide : small);
  const int blocks =
      form.blocks8 * form.blocks_w * (form.accumulator && types[0] != Element::f16 ? 2 : 1);
  const bool spare = types[0] == Element::f16 && !form.accumulator;
  return form.registers == blocks || (spare && form.registers % blocks == 0);
}

}  // namespace ptxvm
