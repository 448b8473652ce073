#include "bench/inspect/cli.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reference/layers.h"

namespace tconv::inspect {
namespace {

/// The words as typed, before any of them is understood.
struct Words {
  std::vector<std::string> problems;
  std::string layers, format = "text", kernel, device_profile = "all", out;
  bool rotate = false, help = false;
};

constexpr std::string_view kFooter = R"(
Problem descriptors are those of tconv_bench (tconv_bench --help).

Kernels: bilinear, triangular, ideal (sin(pi n/s)/(pi n/s)), ones, ramp (1, 2, 3, ...), random:SEED, V,V,... (row-major),
or FILE.npy shaped [k..] or [ic][oc/g][k..]; of many channel pairs, the one whose phases differ most.

Examples
  tconv_inspect mb1ic3oc3ih8kh3sh2ph1                             sizes, phases, coverage, work
  tconv_inspect mb1_ic1iw3_oc1ow5_kw3_sw2_pw1 --kernel=2,-1,3     the matrix too
  tconv_inspect --layers=gan --kernel=bilinear --format=json --out=gan.json
  scripts/inspect mb1ic1ih8oc1kh3sh2 --kernel=ones --picture=checkerboard.svg

Exit status: 0 done; 2 the command line cannot be run.
)";

void declare(CLI::App& app, Words& words) {
  app.set_help_flag();
  app.add_flag("-h,--help", words.help, "Print this and exit");
  app.add_option("problems", words.problems, "Layers to inspect")->type_name("DESC");
  app.add_option("--layers", words.layers,
                 fmt::format("Layer set, or a .layers file, beside DESC; sets: {}",
                             fmt::join(layer_sets(TCONV_LAYERS_DIR), ", ")))
      ->type_name("SET|FILE");
  app.add_option("--format", words.format, "text or json")
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_option("--kernel", words.kernel, "Kernel to inspect as a filter")->type_name("KERNEL");
  app.add_flag("--rotate", words.rotate,
               "Turn the kernel by 180 degrees: what zero insertion gives that forgets to");
  app.add_option("--device-profile", words.device_profile, "GPU whose roofline to use, or all")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--out", words.out, "Write here instead of to standard output")->type_name("FILE");
  app.footer(std::string(kFooter));
}

Format read_format(const std::string& word) {
  if (word == "text") return Format::text;
  if (word == "json") return Format::json;
  throw UsageError(one_line(fmt::format(
      "--format: '{}' is not one of text, json (scripts/inspect draws pictures)", word)));
}

std::vector<Problem> read_problems(const Words& words) {
  std::vector<Problem> problems;
  for (const std::string& text : words.problems) {
    problems.push_back(for_flag("DESC", [&] { return Problem::parse(text); }));
  }
  if (!words.layers.empty()) {
    const auto set = for_flag(
        "--layers", [&] { return read_layers(find_layers(TCONV_LAYERS_DIR, words.layers)); });
    problems.insert(problems.end(), set.begin(), set.end());
  }
  if (problems.empty()) throw UsageError("nothing to inspect: give a descriptor or --layers=SET");
  return problems;
}

std::vector<const DeviceProfile*> read_profiles(const std::string& word) {
  if (word != "all") return {for_flag("--device-profile", [&] { return &device_profile(word); })};
  std::vector<const DeviceProfile*> all;
  for (const DeviceProfile& gpu : device_profiles()) all.push_back(&gpu);
  return all;
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
  CLI::App app;
  Words words;
  declare(app, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    throw UsageError(one_line(error.what()));
  }
  Options options;
  options.help = words.help;
  if (options.help) return options;
  if (words.rotate && words.kernel.empty()) throw UsageError("--rotate: needs --kernel");
  options.format = read_format(words.format);
  options.problems = read_problems(words);
  options.question.kernel = words.kernel;
  options.question.rotate = words.rotate;
  options.question.gpus = read_profiles(words.device_profile);
  options.out = words.out;
  return options;
}

std::string help_text() {
  CLI::App app("What a transposed convolution's shape and kernel imply, before anything is run.",
               "tconv_inspect");
  Words words;
  declare(app, words);
  return app.help();
}

}  // namespace tconv::inspect
