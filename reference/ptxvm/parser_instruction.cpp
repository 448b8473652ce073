// Instructions and their operands.
#include <algorithm>
#include <bit>
#include <cctype>
#include <string_view>

#include "reference/ptxvm/parser.h"

namespace ptxvm::ptx {
namespace {

constexpr std::string_view kSpecials[] = {
    "%tid",
    "%ntid",
    "%laneid",
    "%warpid",
    "%nwarpid",
    "%ctaid",
    "%nctaid",
    "%smid",
    "%nsmid",
    "%gridid",
    "%is_explicit_cluster",
    "%clusterid",
    "%nclusterid",
    "%cluster_ctaid",
    "%cluster_nctaid",
    "%cluster_ctarank",
    "%cluster_nctarank",
    "%lanemask_eq",
    "%lanemask_le",
    "%lanemask_lt",
    "%lanemask_ge",
    "%lanemask_gt",
    "%clock",
    "%clock_hi",
    "%clock64",
    "%globaltimer",
    "%globaltimer_lo",
    "%globaltimer_hi",
    "%total_smem_size",
    "%aggr_smem_size",
    "%dynamic_smem_size",
    "%current_graph_exec",
    "%reserved_smem_offset_begin",
    "%reserved_smem_offset_end",
    "%reserved_smem_offset_cap",
};
constexpr std::string_view kNumberedSpecials[] = {"%envreg", "%pm", "%reserved_smem_offset_"};

int component_of(std::string_view word) {
  if (word.size() != 1) return -1;
  const size_t i = std::string_view("xyzwrgba").find(word[0]);
  return i == std::string_view::npos ? -1 : int(i % 4);
}

}  // namespace

bool is_special_register(std::string_view word) {
  if (word.size() < 3 || word[0] != '%') return false;
  if (std::isdigit(static_cast<unsigned char>(word.back())) && word.size() >= 3 &&
      word != "%clock64") {
    if (word[1] == 'r' && word[2] != 'e') return false;  // %r12, %rd3, %rs4: the common case
    const size_t digits = word.find_first_of("0123456789");
    const std::string_view stem = word.substr(0, word.starts_with("%pm") ? 3 : digits);
    return std::find(std::begin(kNumberedSpecials), std::end(kNumberedSpecials), stem) !=
           std::end(kNumberedSpecials);
  }
  return std::find(std::begin(kSpecials), std::end(kSpecials), word) != std::end(kSpecials) ||
         word == "%pm0_64";
}

void Parser::instruction(std::string mnemonic, Guard guard, uint32_t line) {
  Statement s;
  Instruction& in = s.instruction;
  in.mnemonic = std::move(mnemonic);
  in.guard = std::move(guard);
  in.ptx_line = line;
  in.source = location_;
  for (; token_.kind == Token::Kind::dotted; advance()) in.modifiers.emplace_back(token_.text);
  if (!token_.is(';')) {
    in.operands.reserve(4);
    do {
      in.operands.push_back(operand());
    } while (accept(','));
  }
  expect(';');
  function_->body.push_back(std::move(s));
  statement_scopes_.push_back(scope_);
}

Operand Parser::operand() {
  Operand first = single_operand();
  if (accept('|')) first.second = std::make_unique<Operand>(single_operand());
  return first;
}

Operand Parser::single_operand() {
  const Depth depth(*this);
  if (token_.kind == Token::Kind::word) return named_operand();
  if (token_.is('{')) return group('{', '}', Operand::Kind::vector);
  if (token_.is('(')) return group('(', ')', Operand::Kind::list);
  if (token_.is('[')) return address();
  if (accept('!')) {
    Operand o = named_operand();
    o.negated = true;
    return o;
  }
  return literal_operand();
}

Operand Parser::named_operand() {
  Operand o;
  o.text = expect_word("an operand");
  if (o.text == "_") {
    o.text.clear();
    return o;
  }
  if (o.text == "WARP_SZ") {
    o.kind = Operand::Kind::integer;
    o.bits = 32;
    o.text.clear();
    return o;
  }
  const bool special = is_special_register(o.text);
  o.kind = special            ? Operand::Kind::special
           : o.text[0] == '%' ? Operand::Kind::reg
                              : Operand::Kind::symbol;
  if (token_.kind == Token::Kind::dotted && token_.glued) {
    const int component = component_of(token_.text);
    if (component < 0) fail("expected a component .x .y .z .w");
    if (special)
      o.text.append(1, '.').append(1, "xyzw"[component]);
    else
      o.component = static_cast<int8_t>(component);
    advance();
  }
  if (o.kind == Operand::Kind::symbol && (token_.is('+') || token_.is('-')))
    o.offset = expression_after_sign();
  return o;
}

Operand Parser::literal_operand() {
  Operand o;
  const bool negative = token_.is('-');
  if (negative || token_.is('+')) {
    advance();
    if (token_.kind != Token::Kind::real) {
      o.kind = Operand::Kind::integer;
      o.bits = uint64_t(signed_expression(negative));
      return o;
    }
  }
  if (token_.kind == Token::Kind::real) {
    o.kind = Operand::Kind::real;
    o.type = token_.narrow ? Type::f32 : Type::f64;
    o.bits = token_.bits ^ (negative ? (token_.narrow ? uint64_t{1} << 31 : uint64_t{1} << 63) : 0);
    advance();
    return o;
  }
  o.kind = Operand::Kind::integer;
  o.bits = uint64_t(expression(3));  // a | b joins two operands
  return o;
}

Operand Parser::group(char open, char close, Operand::Kind kind) {
  Operand o;
  o.kind = kind;
  expect(open);
  while (!token_.is(close)) {
    if (!o.elements.empty()) expect(',');
    o.elements.push_back(operand());
  }
  expect(close);
  return o;
}

/// [register+n], [symbol+n], [n], and [base, {coordinates}] with the coordinates in `elements`.
Operand Parser::address() {
  Operand o;
  expect('[');
  if (token_.kind == Token::Kind::word && !token_.is_word("WARP_SZ")) {
    o = named_operand();
    o.kind = Operand::Kind::address;
    if (token_.is('+') || token_.is('-')) o.offset = expression_after_sign();
  } else {
    o.kind = Operand::Kind::address;
    o.offset = expression();
  }
  while (accept(',')) o.elements.push_back(operand());
  expect(']');
  return o;
}

int64_t Parser::expression_after_sign() {
  const bool negative = token_.is('-');
  advance();
  return signed_expression(negative);
}

/// -a*b+c with the sign already read: the sign binds to the first factor only.
int64_t Parser::signed_expression(bool negative) {
  const int64_t value = expression(8);
  const int64_t first = negative ? int64_t(-uint64_t(value)) : value;
  if (token_.is('+') || token_.is('-'))
    return int64_t(uint64_t(first) + uint64_t(expression_after_sign()));
  return first;
}

/// `param` alone says neither kernel parameter nor call parameter: param::entry or param::func
/// does.
void Parser::normalise_param_space(Instruction& in) const {
  for (std::string& m : in.modifiers) {
    if (m != "param" || (in.mnemonic != "ld" && in.mnemonic != "st")) continue;
    bool entry = function_->is_entry && in.mnemonic == "ld";
    for (const Operand& o : in.operands) {
      if (o.kind != Operand::Kind::address) continue;
      for (const Variable& v : function_->locals) {
        if (v.space == Space::param && v.name == o.text) entry = false;
      }
    }
    m = entry ? "param::entry" : "param::func";
  }
}

}  // namespace ptxvm::ptx
