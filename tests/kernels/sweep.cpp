// kernels.sweep --problems=N --seed=S: random small problems, every strategy of every op, integer
// mode, no mismatch allowed. Prints the descriptor and the seed that reproduce each one.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"

namespace {

bool read_option(std::string_view argument, std::string_view name, uint64_t& value) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const auto [stop, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), value);
  return error == std::errc{} && stop == argument.data() + argument.size();
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t problems = 2000, seed = 1;
  for (int i = 1; i < argc; ++i) {
    if (!read_option(argv[i], "--problems=", problems) && !read_option(argv[i], "--seed=", seed)) {
      std::fprintf(stderr, "%s: must be --problems=N or --seed=S with whole numbers\n", argv[i]);
      return 2;
    }
  }
  const auto own = tconv::own_strategies();
  tconv::RandomProblems random(seed);
  uint64_t runs = 0, mismatches = 0;
  for (uint64_t n = 0; n < problems; ++n) {
    const tconv::Problem p = random.next();
    std::optional<tconv::Case> c;
    for (const tconv::Strategy* strategy : own) {  // sorted by op: one case serves all of an op
      if (!c || c->op != strategy->op)
        c.emplace(strategy->op, p, tconv::DataMode::int_exact, seed + n);
      const std::string failure = tconv::run_strategy(*strategy, *c).failure;
      ++runs;
      if (failure.empty()) continue;
      ++mismatches;
      std::printf("%s %s (data seed %llu): %s\n", strategy->name.c_str(), p.str().c_str(),
                  static_cast<unsigned long long>(seed + n), failure.c_str());
    }
  }
  std::printf("%llu problems, %zu strategies, %llu runs, %llu mismatches\n",
              static_cast<unsigned long long>(problems), own.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(mismatches));
  return mismatches == 0 && runs > 0 ? 0 : 1;
}
