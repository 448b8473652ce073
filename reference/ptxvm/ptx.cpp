// Words of the IR: types, spaces, and what an instruction says about itself.
#include "reference/ptxvm/ptx.h"

#include <algorithm>
#include <unordered_map>

namespace ptxvm::ptx {
namespace {

struct TypeWord {
  std::string_view word;
  Type type;
  int bytes;
};
constexpr TypeWord kTypes[] = {
    {"", Type::none, 0},         {"u8", Type::u8, 1},         {"u16", Type::u16, 2},
    {"u32", Type::u32, 4},       {"u64", Type::u64, 8},       {"s8", Type::s8, 1},
    {"s16", Type::s16, 2},       {"s32", Type::s32, 4},       {"s64", Type::s64, 8},
    {"b8", Type::b8, 1},         {"b16", Type::b16, 2},       {"b32", Type::b32, 4},
    {"b64", Type::b64, 8},       {"b128", Type::b128, 16},    {"f16", Type::f16, 2},
    {"f16x2", Type::f16x2, 4},   {"bf16", Type::bf16, 2},     {"bf16x2", Type::bf16x2, 4},
    {"tf32", Type::tf32, 4},     {"f32", Type::f32, 4},       {"f64", Type::f64, 8},
    {"pred", Type::pred, 0},     {"e4m3", Type::e4m3, 1},     {"e5m2", Type::e5m2, 1},
    {"e4m3x2", Type::e4m3x2, 2}, {"e5m2x2", Type::e5m2x2, 2}, {"u16x2", Type::u16x2, 4},
    {"s16x2", Type::s16x2, 4},   {"f32x2", Type::f32x2, 8},
};

constexpr std::pair<std::string_view, Space> kSpaces[] = {
    {"reg", Space::reg},
    {"param", Space::param},
    {"local", Space::local},
    {"shared", Space::shared},
    {"shared::cluster", Space::shared_cluster},
    {"const", Space::constant},
    {"global", Space::global},
};

Space space_of(std::string_view word) {
  if (word == "shared::cluster") return Space::shared_cluster;
  word = word.substr(0, word.find("::"));  // shared::cta, param::entry
  for (const auto& [name, space] : kSpaces) {
    if (name == word) return space;
  }
  return Space::generic;
}

}  // namespace

int bytes_of(Type type) { return kTypes[static_cast<int>(type)].bytes; }

Type type_of(std::string_view word) {
  static const auto words = [] {
    std::unordered_map<std::string_view, Type> map;
    for (const TypeWord& t : kTypes) map.emplace(t.word, t.type);
    return map;
  }();
  const auto found = words.find(word);
  return found == words.end() ? Type::none : found->second;
}

std::string_view to_string(Type type) { return kTypes[static_cast<int>(type)].word; }

std::string_view to_string(Space space) {
  for (const auto& [name, s] : kSpaces) {
    if (s == space) return name;
  }
  return "generic";
}

Operand::Operand(const Operand& other)
    : kind(other.kind),
      type(other.type),
      negated(other.negated),
      text(other.text),
      component(other.component),
      offset(other.offset),
      bits(other.bits),
      elements(other.elements),
      second(other.second ? std::make_unique<Operand>(*other.second) : nullptr) {}

Operand& Operand::operator=(const Operand& other) { return *this = Operand(other); }

bool Instruction::has(std::string_view modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}

Type Instruction::type(int n) const {
  for (const std::string& m : modifiers) {
    if (const Type t = type_of(m); t != Type::none && n-- == 0) return t;
  }
  return Type::none;
}

Type Instruction::last_type() const {
  for (auto m = modifiers.rbegin(); m != modifiers.rend(); ++m) {
    if (const Type t = type_of(*m); t != Type::none) return t;
  }
  return Type::none;
}

Space Instruction::space() const {
  for (const std::string& m : modifiers) {
    if (const Space s = space_of(m); s != Space::generic) return s;
  }
  return Space::generic;
}

std::string Instruction::full_name() const {
  std::string name = mnemonic;
  for (const std::string& m : modifiers) name.append(1, '.').append(m);
  return name;
}

uint64_t Variable::size() const {
  uint64_t bytes = uint64_t(bytes_of(type)) * uint64_t(vector == 3 ? 4 : vector);
  for (const uint64_t extent : dims) bytes *= extent;
  return bytes;
}

}  // namespace ptxvm::ptx
