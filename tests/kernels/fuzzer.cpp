#include "tests/kernels/fuzzer.h"

#include <algorithm>

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "tests/kernels/shrink.h"

namespace tconv {

Fuzzer::Fuzzer(FuzzPlan plan, std::string program, std::function<bool(const FuzzCase&)> fails)
    : plan_(std::move(plan)), program_(std::move(program)), fails_(std::move(fails)) {}

std::vector<Config> Fuzzer::configs_for(const Strategy& s) const {
  std::vector<Config> configs;
  for (const DType dtype : plan_.dtypes) {
    for (const Layout layout : plan_.layouts) {
      if (s.op != Op::fprop) configs.push_back({dtype, layout});
      for (const Epilogue epilogue : plan_.epilogues)
        if (s.op == Op::fprop) configs.push_back({dtype, layout, epilogue});
    }
  }
  return configs;
}

/// Strategies that take few problems get some of their own, which are nothing special to the
/// others.
Problem Fuzzer::next_problem(RandomProblems& random) const {
  constexpr size_t kSubPixel = 8;  // one in so many
  const bool wanted = std::any_of(plan_.strategies.begin(), plan_.strategies.end(),
                                  [](const Strategy* s) { return s->op == Op::pixel_shuffle; });
  return wanted && random.choose(kSubPixel) == 0 ? random.next_sub_pixel() : random.next();
}

void Fuzzer::run_random() {
  RandomProblems random(plan_.seed, plan_.budget_macs);
  for (int64_t n = 0; n < plan_.problems && !lost_; ++n) {
    FuzzCase c{nullptr, next_problem(random), {}};
    c.seed = plan_.seed + static_cast<uint64_t>(n);
    c.misalign = random.choose(4) == 0 ? static_cast<int64_t>(1 + random.choose(7)) : 0;
    c.mode = plan_.modes[random.choose(plan_.modes.size())];
    run_strategies(random, c, n < plan_.skip);
    if (lost_) fmt::print("the device is lost; --skip={} goes on behind this problem\n", n + 1);
  }
}

/// Each strategy in one of the configurations that it takes. Draws the same numbers whatever is
/// skipped or refused.
void Fuzzer::run_strategies(RandomProblems& random, FuzzCase c, bool skip) {
  FuzzRunner runner;
  for (const Strategy* strategy : plan_.strategies) {
    const size_t draw = random.choose(size_t{1} << 20);
    if (skip || lost_) continue;
    c.strategy = strategy;
    std::vector<Config> taken = configs_for(*strategy);
    std::erase_if(taken, [&](const Config& config) {
      return !refusal(*strategy, c.problem, config).empty();
    });
    if (taken.empty()) {
      ++tallies_[strategy].refused;
      continue;
    }
    c.config = taken[draw % taken.size()];
    if (!run_case(runner, c) && tallies_[strategy].failed == 1) {
      simplest_.push_back(shrink(c, fails_));
      fmt::print("  simplest: {}\n", command(simplest_.back()));
    }
  }
  problems_ += skip ? 0 : 1;
}

void Fuzzer::run_problem(const Problem& problem, int64_t misalign) {
  FuzzRunner runner;
  ++problems_;
  for (const Strategy* strategy : plan_.strategies) {
    for (const Config& config : configs_for(*strategy)) {
      for (const DataMode mode : plan_.modes) {
        if (!lost_) run_case(runner, {strategy, problem, config, mode, plan_.seed, misalign});
      }
    }
  }
}

/// True unless it fails.
bool Fuzzer::run_case(FuzzRunner& runner, const FuzzCase& c) {
  Tally& tally = tallies_[c.strategy];
  const FuzzResult result = runner.run(c);
  if (result.outcome == Outcome::refused) {
    ++tally.refused;
    return true;
  }
  ++tally.runs;
  ++tally.by_config[fmt::format("{}/{}", to_string(c.config.dtype), to_string(c.config.layout))];
  if (result.outcome == Outcome::mistrusted) ++tally.mistrusted;
  if (result.outcome != Outcome::failed) return true;
  ++tally.failed;
  fmt::print("FAILED {}: {}\n  {}\n", c.strategy->name, result.text, command(c));
  lost_ = cudaDeviceSynchronize() != cudaSuccess;
  return false;
}

std::string Fuzzer::command(const FuzzCase& c) const { return program_ + ' ' + arguments_of(c); }

bool Fuzzer::failed() const {
  return std::any_of(tallies_.begin(), tallies_.end(),
                     [](const auto& entry) { return entry.second.failed > 0; });
}

std::string Fuzzer::summary() const {
  std::string text;
  Tally sum;
  for (const Strategy* strategy : plan_.strategies) {
    const auto found = tallies_.find(strategy);
    const Tally tally = found == tallies_.end() ? Tally{} : found->second;
    text += fmt::format("{:<15} {:<28} {:>7} runs {:>6} refused {:>4} mistrusted {:>4} failed",
                        to_string(strategy->op), strategy->name, tally.runs, tally.refused,
                        tally.mistrusted, tally.failed);
    for (const auto& [name, runs] : tally.by_config) text += fmt::format("  {} {}", name, runs);
    text += '\n';
    sum.runs += tally.runs, sum.refused += tally.refused;
    sum.mistrusted += tally.mistrusted, sum.failed += tally.failed;
  }
  return text +
         fmt::format(
             "seed {}: {} problems, {} strategies, {} runs, {} refused, {} mistrusted, {} failed\n",
             plan_.seed, problems_, plan_.strategies.size(), sum.runs, sum.refused, sum.mistrusted,
             sum.failed);
}

}  // namespace tconv
