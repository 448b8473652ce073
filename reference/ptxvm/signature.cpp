#include "reference/ptxvm/signature.h"

#include <string_view>

namespace ptxvm {
namespace {

using ptx::Type;

Type unsigned_of(int bytes) {
  return bytes >= 16  ? Type::b128
         : bytes == 8 ? Type::b64
         : bytes == 4 ? Type::b32
         : bytes == 2 ? Type::b16
                      : Type::b8;
}

Type letter_type(char letter, const ptx::Instruction& in) {
  const Type first = in.type(0);
  switch (letter) {
    case 's':
      return in.type(1) == Type::none ? first : in.type(1);
    case 'w':
      return in.has("wide") ? (ptx::bytes_of(first) == 2 ? Type::b32 : Type::b64) : first;
    case 'h':
      return unsigned_of(ptx::bytes_of(first) / 2);
    case 'i':
    case '*':
      return Type::b32;
    case 'l':
    case 'm':
      return Type::b64;
    case 'p':
      return Type::pred;
    default:
      return first;
  }
}

bool is_destination(char mark, const ptx::Instruction& in) {
  if (mark == '=') return true;
  return mark == '~' && !in.operands.empty() && in.operands[0].kind != ptx::Operand::Kind::address;
}

}  // namespace

uint32_t slot_bytes(Type type) {
  if (type == Type::pred) return 4;
  return ptx::bytes_of(type) > 8 ? 512 : ptx::bytes_of(type) > 4 ? 256 : 128;
}

std::vector<OperandRule> operand_rules(const char* signature, const ptx::Instruction& in,
                                       std::string& error) {
  std::vector<OperandRule> rules;
  std::string_view rest = signature;
  size_t required = 0;
  bool open = false;
  while (!rest.empty()) {
    const size_t blank = std::min(rest.find(' '), rest.size());
    std::string_view word = rest.substr(0, blank);
    rest.remove_prefix(std::min(blank + 1, rest.size()));
    OperandRule rule;
    bool optional = false;
    for (; word.size() > 1; word.remove_prefix(1)) {
      if (word[0] == '?') optional = true;
      if (word[0] == '+') rule.vector = true;
      if (word[0] == 'r') {
        if (!in.has("red")) break;
        rule.writes = true;
      }
      if (word[0] == '=' || word[0] == '~') rule.writes = is_destination(word[0], in);
      if (word[0] == '~') rule.checked = false, rule.vector = rule.address = true;
    }
    if (word.size() > 1) continue;  // an `r` operand that this form does not have
    if (word[0] == '*') rule.checked = false, open = open || !rule.writes;
    if (word[0] == '*') rule.vector = rule.address = true;
    if (word[0] == 'a') rule.address = true, rule.scalar = false;
    if (word[0] == 'm') rule.address = true;
    rule.ignored = word[0] == 'n';
    rule.type = letter_type(word[0], in);
    if (rule.type == Type::none) rule.type = Type::b32, rule.checked = false;
    if (word[0] != '*' || rule.writes) required += !optional;
    if (word[0] != '*' || rule.writes || rules.size() < in.operands.size()) rules.push_back(rule);
  }
  if (open) {
    OperandRule rule;
    rule.checked = false;
    rule.vector = rule.address = true;
    rule.type = letter_type('*', in);
    while (rules.size() < in.operands.size()) rules.push_back(rule);
  }
  if (in.operands.size() < required || in.operands.size() > rules.size()) {
    error = "takes " + std::to_string(required) + " operands" +
            (rules.size() > required || open ? " or more" : "") + ", not " +
            std::to_string(in.operands.size());
  }
  rules.resize(std::max(rules.size(), in.operands.size()));
  // The last operand is the cache policy then, whatever is left out before it.
  if (!open && in.has("L2::cache_hint") && !in.operands.empty()) {
    OperandRule& policy = rules[in.operands.size() - 1];
    policy = {};
    policy.type = Type::b64;
  }
  return rules;
}

}  // namespace ptxvm
