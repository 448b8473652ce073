#include "bench/inputs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tconv::bench {
namespace {

std::vector<OracleResult> ask_oracles(const Inputs& in) {
  std::vector<OracleResult> answers;
  switch (in.op) {
    case Op::fprop:
      answers.push_back(scatter_oracle(in.problem, in.x, in.w));
      answers.push_back(gather_oracle(in.problem, in.x, in.w));
      break;
    case Op::dgrad:
      answers.push_back(dgrad_oracle(in.problem, in.y, in.w));
      break;
    case Op::wgrad:
      answers.push_back(wgrad_oracle(in.problem, in.x, in.y));
      break;
    case Op::resize_nearest:
    case Op::resize_bilinear:
    case Op::pixel_shuffle:
      answers.push_back(alternative_gather_oracle(in.op, in.problem, in.x, in.w));
      answers.push_back(alternative_scatter_oracle(in.op, in.problem, in.x, in.w));
      break;
  }
  return answers;
}

}  // namespace

void require_agreement(const OracleResult& a, const OracleResult& b, DataMode data) {
  for (size_t i = 0; i < a.value.size(); ++i) {
    // Each sums `terms` products in double, in its own order.
    const double rounding = data == DataMode::int_exact
                                ? 0
                                : 2 * std::numeric_limits<double>::epsilon() *
                                      static_cast<double>(a.terms[i] + 1) * a.magnitude[i];
    if (a.terms[i] != b.terms[i] || !(std::abs(a.value[i] - b.value[i]) <= rounding)) {
      throw OracleError(
          fmt::format("the oracles disagree at element {}: {} of {} terms, {} of {} terms", i,
                      a.value[i], a.terms[i], b.value[i], b.terms[i]));
    }
  }
}

Inputs make_inputs(Op op, const Problem& problem, DType dtype, DataMode data, uint64_t seed,
                   Epilogue epilogue) {
  Inputs in{op, problem, dtype, data, seed, epilogue, {}, {}, {}, {}, {}};
  const Tensor output = output_of(op);
  const int64_t terms = max_terms(op, problem) + (epilogue != Epilogue::none);
  uint64_t stream = seed * 3;  // each tensor its own seed
  const auto fill_tensor = [&](Tensor tensor, std::vector<float>& host, int64_t size) {
    if (tensor != output) {
      host.resize(static_cast<size_t>(size));
      fill(host, data, dtype, stream, terms);
    }
    ++stream;
  };
  fill_tensor(Tensor::x, in.x, problem.x_size());
  fill_tensor(Tensor::w, in.w, problem.w_size());
  fill_tensor(Tensor::y, in.y, problem.y_size());
  if (epilogue != Epilogue::none) {
    in.bias.resize(static_cast<size_t>(problem.out_channels));
    fill(in.bias, data, dtype, stream - 1, terms);  // the output's seed: nothing else used it
  }
  if (epilogue == Epilogue::bias_tanh) scale_to_unit_sums(problem, dtype, in.x, in.w, in.bias);
  in.oracles = ask_oracles(in);
  for (size_t i = 1; i < in.oracles.size(); ++i) {
    require_agreement(in.oracles[0], in.oracles[i], data);
  }
  for (OracleResult& y : in.oracles) apply_epilogue(problem, epilogue, dtype, data, in.bias, y);
  return in;
}

const Inputs& InputCache::get(Op op, const Problem& problem, DType dtype, DataMode data,
                              uint64_t seed, Epilogue epilogue) {
  const auto same = [&](const std::unique_ptr<Inputs>& in) {
    return in->op == op && in->problem == problem && in->dtype == dtype && in->data == data &&
           in->seed == seed && in->epilogue == epilogue;
  };
  const auto found = std::find_if(kept_.begin(), kept_.end(), same);
  if (found != kept_.end()) return **found;
  while (kept_.size() >= kKept) kept_.pop_front();
  kept_.push_back(std::make_unique<Inputs>(make_inputs(op, problem, dtype, data, seed, epilogue)));
  return *kept_.back();
}

}  // namespace tconv::bench
