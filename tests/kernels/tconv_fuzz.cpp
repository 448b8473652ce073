// tconv_fuzz: random problems through every strategy in a random configuration that it takes,
// against the oracle. The first failure of a strategy is shrunk to the simplest case that still
// fails and printed as the command that runs it.
#include <algorithm>
#include <cstdlib>
#include <regex>
#include <string>
#include <sys/wait.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "bench/usage.h"
#include "tests/kernels/contenders.h"
#include "tests/kernels/fuzzer.h"

namespace tconv {
namespace {

constexpr int kFailed = 1;
constexpr int kCannotRun = 2;

/// The words as typed. A list's default is everything that it may hold.
struct Words {
  std::string problem, strategy;
  std::vector<std::string> ops{"fprop",          "dgrad",           "wgrad",
                               "resize_nearest", "resize_bilinear", "pixel_shuffle"};
  std::vector<std::string> dtypes{"f32", "tf32", "f16", "bf16"};
  std::vector<std::string> layouts{"nchw", "nhwc"};
  std::vector<std::string> epilogues{"none", "bias", "bias_relu", "bias_leaky_relu", "bias_tanh"};
  std::vector<std::string> modes{"int", "real"};
  int64_t misalign = 0;
  FuzzPlan plan;  ///< the numbers
};

void declare(CLI::App& app, Words& words) {
  const auto list = [&](const char* name, std::vector<std::string>& chosen, const char* text) {
    app.add_option(name, chosen, text)
        ->delimiter(',')
        ->check(CLI::IsMember(std::vector<std::string>(chosen)))
        ->allow_extra_args(false)
        ->capture_default_str();
  };
  const auto number = [&](const char* name, auto& value, uint64_t least, const char* text) {
    return app.add_option(name, value, text)->check(whole_number(least))->capture_default_str();
  };
  number("--problems", words.plan.problems, 1, "How many problems");
  number("--seed", words.plan.seed, 0, "Of the problems and of their data");
  number("--skip", words.plan.skip, 0, "Draw that many problems without running them");
  number("--budget-macs", words.plan.budget_macs, 1, "Multiply-adds of the largest problem");
  app.add_option("--strategy", words.strategy, "Strategies whose name contains a match")
      ->type_name("REGEX");
  list("--ops", words.ops, "Directions");
  list("--dtypes", words.dtypes, "Element types");
  list("--layouts", words.layouts, "Layouts");
  list("--epilogues", words.epilogues, "Epilogues of fprop");
  list("--mode", words.modes, "int: right to the bit; real: within the bound");
  CLI::Option* const problem =
      app.add_option("--problem", words.problem,
                     "Run this problem in every configuration instead of random ones")
          ->type_name("DESC");
  number("--misalign", words.misalign, 0, "With --problem: elements off the alignment")
      ->needs(problem);
}

template <class T>
std::vector<T> each(const std::vector<std::string>& words, T (*parse)(std::string_view)) {
  std::vector<T> values;
  for (const std::string& word : words) values.push_back(parse(word));
  return values;
}

DataMode parse_mode(std::string_view word) {
  return word == "int" ? DataMode::int_exact : DataMode::normal;
}

FuzzPlan read_plan(const Words& words) {
  FuzzPlan plan = words.plan;
  plan.dtypes = each<DType>(words.dtypes, parse_dtype);
  plan.layouts = each<Layout>(words.layouts, parse_layout);
  plan.epilogues = each<Epilogue>(words.epilogues, parse_epilogue);
  plan.modes = each<DataMode>(words.modes, parse_mode);
  const auto ops = each<Op>(words.ops, parse_op);
  const std::regex pattern = for_flag("--strategy", [&] { return std::regex(words.strategy); });
  for (const Strategy* s : own_strategies()) {
    const bool op_chosen = std::find(ops.begin(), ops.end(), s->op) != ops.end();
    if (op_chosen && std::regex_search(s->name, pattern)) plan.strategies.push_back(s);
  }
  if (plan.strategies.empty())
    throw std::invalid_argument("no strategy of the chosen --ops matches --strategy");
  return plan;
}

void require_device() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0)
    throw std::runtime_error("no device: LD_LIBRARY_PATH=build/virtual gives the virtual one");
}

/// The program as this shell would have to start it.
std::string program(const char* path) {
  const char* const libraries = std::getenv("LD_LIBRARY_PATH");
  return libraries == nullptr ? path : fmt::format("LD_LIBRARY_PATH='{}' {}", libraries, path);
}

/// A case that cannot run, or a shell that cannot start it, has not failed.
bool failed(int wait_status) {
  constexpr int kKilled = 128;  // and more: the shell's word for a signal
  if (WIFSIGNALED(wait_status)) return true;
  return WEXITSTATUS(wait_status) == kFailed || WEXITSTATUS(wait_status) > kKilled;
}

int run(const Words& words, const std::string& program) {
  FuzzPlan plan = read_plan(words);
  require_device();
  // In a process of its own: a fault inside a kernel ends the process' use of the device.
  const auto fails = [&](const FuzzCase& c) {
    return failed(std::system((program + ' ' + arguments_of(c) + " >/dev/null 2>&1").c_str()));
  };
  Fuzzer fuzzer(std::move(plan), program, fails);
  if (words.problem.empty()) {
    fuzzer.run_random();
  } else {
    const Problem p = for_flag("--problem", [&] { return Problem::parse(words.problem); });
    fuzzer.run_problem(p, words.misalign);
  }
  fmt::print("{}", fuzzer.summary());
  return fuzzer.failed() ? kFailed : 0;
}

}  // namespace
}  // namespace tconv

int main(int argc, char** argv) {
  CLI::App app("Random problems through every strategy, against the oracle.", "tconv_fuzz");
  tconv::Words words;
  tconv::declare(app, words);
  try {
    app.parse(argc, argv);
    return tconv::run(words, tconv::program(argv[0]));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tconv_fuzz: {}\n", error.what());
    return tconv::kCannotRun;
  }
}
