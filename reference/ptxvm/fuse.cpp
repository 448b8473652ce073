#include "reference/ptxvm/fuse.h"

#include "reference/ptxvm/isa.h"

namespace ptxvm {
namespace {

Handler row_handler(const Op& op) {
  const bool guarded = op.guard != kNoOperand;
  return op.run && op.run == op.body && !guarded && isa().run_of ? isa().run_of(op.body) : nullptr;
}

/// Ops from `first` on that have its handler. Block entries have another one and end a row.
size_t row_length(const std::vector<Op>& ops, size_t first) {
  size_t n = 1;
  while (first + n < ops.size() && ops[first + n].run == ops[first].run &&
         ops[first + n].guard == kNoOperand)
    ++n;
  return n;
}

}  // namespace

void fuse(Code& code) {
  code.fused.reserve(code.ops.size());  // the ops keep pointers into it
  for (size_t i = 0; i < code.ops.size();) {
    Op& op = code.ops[i];
    const Handler handler = row_handler(op);
    const size_t n = handler ? row_length(code.ops, i) : 1;
    if (n > 1) {
      op.more = reinterpret_cast<const uint32_t*>(code.fused.data() + code.fused.size());
      for (size_t k = i; k < i + n; ++k)
        code.fused.push_back({code.ops[k].dst, code.ops[k].a, code.ops[k].b, code.ops[k].c});
      op.imm = static_cast<int64_t>(n);
      op.run = handler;
    }
    i += n;
  }
}

void unfuse(Code& code) {
  for (Op& op : code.ops)
    if (fused_ops(op) > 1) op.run = op.body;
}

uint32_t fused_ops(const Op& op) {
  const bool leads = op.run != op.body && isa().run_of && isa().run_of(op.body) == op.run;
  return leads ? static_cast<uint32_t>(op.imm) : 1;
}

}  // namespace ptxvm
