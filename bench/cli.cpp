#include "bench/cli.h"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bench/crop.h"
#include "kernels/strategy.h"
#include "reference/device_profile.h"
#include "reference/layers.h"

namespace tconv::bench {
namespace {

constexpr std::array<std::string_view, 3> kDataWords{"int", "normal", "uniform"};

/// The words as typed, before any of them is understood.
struct Words {
  std::vector<std::string> problems, ops, dtypes, layouts, epilogues;
  std::string layers = "quick", strategy, data, out, dump, device_profile;
  uint64_t seed = 1;
  std::optional<int64_t> batch, crop_macs;
  bool list = false, list_problems = false, support_matrix = false;
  bool verify_only = false, profile = false, resume = false;
  bool model = true;
};

constexpr std::string_view kFooter = R"(
A problem descriptor has the grammar of benchdnn's --deconv: keys directly followed by integers, in any order, n"name" last.
  g mb ic oc (totals over groups)   id ih iw input   od oh ow output   kd kh kw kernel
  sd sh sw stride   pd ph pw low crop   dd dh dw dilation, 0-based: 0 is dense, 1 skips one
  Only w keys: 1-D; h given: 2-D; d given: 3-D. Without o..: crop 0 unless given. The high crop follows from the output size.

Examples
  tconv_bench                                     the quick set, every strategy
  tconv_bench --list                              the strategies
  tconv_bench --layers=gan --strategy='gather|polyphase' --out=gan.json
  tconv_bench --problem='mb1ic64ih16oc32oh32kh4sh2ph1' --verify-only
  tconv_bench --layers=all --out=all.json --resume
  LD_LIBRARY_PATH=build/virtual build/bench/tconv_bench     without a GPU: counts, no times

Exit status: 0 no row failed; 1 a row FAILED or ended in ERROR; 2 the command line cannot be run.
)";

void declare(CLI::App& app, Words& words) {
  app.set_help_flag("-h,--help", "Print this and exit");
  app.add_option("--layers", words.layers,
                 fmt::format("Layer set, or a .layers file; sets: {}",
                             fmt::join(layer_sets(TCONV_LAYERS_DIR), ", ")))
      ->type_name("SET|FILE")
      ->capture_default_str();
  app.add_option("--problem", words.problems, "A layer of your own instead of --layers; repeatable")
      ->type_name("DESC")
      ->allow_extra_args(false);
  app.add_option("--batch", words.batch, "Every layer with this batch instead of its own")
      ->type_name("N")
      ->check(whole_number(0));
  app.add_option("--crop-macs", words.crop_macs,
                 "Cut layers in space until they need at most N multiply-adds: the longest input "
                 "axis loses an eighth at a time, as long as some output keeps all its taps. "
                 "Channels, kernel, stride and crops stay; the names of those cut end in ~cropped")
      ->type_name("N")
      ->check(whole_number(1));
  app.add_option("--strategy", words.strategy, "Strategies whose name contains a match")
      ->type_name("REGEX");
  app.add_option("--op", words.ops,
                 "fprop, dgrad, wgrad; resize_nearest, resize_bilinear, pixel_shuffle (instead of "
                 "fprop, at its "
                 "output size); comma-separated (default fprop)")
      ->type_name("OP")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--dtype", words.dtypes, "f32, tf32, f16, bf16; comma-separated (default f32)")
      ->type_name("DTYPE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--layout", words.layouts, "nchw, nhwc; comma-separated (default nchw)")
      ->type_name("LAYOUT")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--epilogue", words.epilogues,
                 "none, bias, bias_relu, bias_leaky_relu, bias_tanh; comma-separated, of fprop "
                 "(default none). Others than none bring <strategy>_unfused: the epilogue as a "
                 "launch of its own")
      ->type_name("EPILOGUE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--data", words.data,
                 "int, normal or uniform inputs (default: int to check, normal to measure time)")
      ->type_name("MODE");
  app.add_option("--seed", words.seed, "Seed of the inputs")
      ->type_name("N")
      ->check(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  app.add_flag("--list", words.list, "Print the strategies and exit");
  app.add_flag("--list-problems", words.list_problems, "Print the selected layers and exit");
  app.add_flag("--support-matrix", words.support_matrix,
               "Print what every strategy takes, and why not the rest; with --out as JSON");
  app.add_flag("--verify-only", words.verify_only, "Check every row; neither measure nor count");
  app.add_option("--out", words.out,
                 "Write results as JSON (tconv-results/1), anew after every row")
      ->type_name("FILE");
  app.add_flag("--resume", words.resume, "Keep the rows that --out already has, run the others");
  app.add_option("--dump", words.dump,
                 "Write x.npy w.npy y.npy row.json of every row to DIR/<row number>/")
      ->type_name("DIR");
  app.add_option("--device-profile", words.device_profile, "GPU that bounds are computed for")
      ->type_name("NAME");
  app.add_flag("--model,!--no-model", words.model,
               "On the virtual GPU, estimate L2 and DRAM traffic with a cache model too (default)");
  app.add_flag("--profile", words.profile,
               "Run one row's launch once between cudaProfilerStart and Stop");
  app.footer(std::string(kFooter));
}

template <class T, class Parse>
std::vector<T> each(std::string_view flag, const std::vector<std::string>& words, T otherwise,
                    Parse parse) {
  if (words.empty()) return {otherwise};
  return for_flag(flag, [&] {
    std::vector<T> values;
    for (const std::string& word : words) {
      const T value = parse(word);
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    return values;
  });
}

std::vector<Problem> read_problems(const Words& words) {
  std::vector<Problem> problems;
  if (words.problems.empty()) {
    problems = for_flag("--layers",
                        [&] { return read_layers(find_layers(TCONV_LAYERS_DIR, words.layers)); });
  } else {
    for_flag("--problem", [&] {
      for (const std::string& text : words.problems) problems.push_back(Problem::parse(text));
      return problems.size();
    });
  }
  for (Problem& p : problems) {
    if (words.batch) p = for_flag("--batch", [&] { return with_batch(p, *words.batch); });
    if (words.crop_macs) p = crop_in_space(p, *words.crop_macs);
  }
  return problems;
}

std::optional<DataMode> read_data(const std::string& word) {
  if (word.empty()) return std::nullopt;
  const auto found = std::find(kDataWords.begin(), kDataWords.end(), word);
  if (found == kDataWords.end()) {
    throw UsageError(
        one_line(fmt::format("--data: '{}' is not one of {}", word, fmt::join(kDataWords, ", "))));
  }
  return static_cast<DataMode>(found - kDataWords.begin());
}

std::optional<std::regex> read_pattern(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return for_flag("--strategy", [&] {
    try {
      return std::regex(text);
    } catch (const std::regex_error& error) {
      throw UsageError(fmt::format("'{}' is not a regular expression ({})", text, error.what()));
    }
  });
}

void require_consistent(const Options& options) {
  if (options.resume && options.out.empty())
    throw UsageError("--resume: needs --out=FILE to resume from");
  if (options.profile && options.verify_only)
    throw UsageError("--profile: cannot be combined with --verify-only");
  if (!options.device_profile.empty())
    for_flag("--device-profile", [&] { return device_profile(options.device_profile).sms; });
}

}  // namespace

std::string_view to_string(DataMode mode) { return kDataWords[static_cast<size_t>(mode)]; }

bool Options::has_epilogue() const {
  return std::any_of(epilogues.begin(), epilogues.end(),
                     [](Epilogue e) { return e != Epilogue::none; });
}

bool Options::selects(const std::string& name) const {
  return !pattern_ || std::regex_search(name, *pattern_);
}

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
  options.problems = read_problems(words);
  options.strategy = words.strategy;
  options.pattern_ = read_pattern(words.strategy);
  options.ops = each("--op", words.ops, Op::fprop, parse_op);
  options.dtypes = each("--dtype", words.dtypes, DType::f32, parse_dtype);
  options.layouts = each("--layout", words.layouts, Layout::nchw, parse_layout);
  options.epilogues = each("--epilogue", words.epilogues, Epilogue::none, parse_epilogue);
  options.data = read_data(words.data);
  options.seed = words.seed;
  options.batch = words.batch;
  options.crop_macs = words.crop_macs;
  options.list = words.list;
  options.list_problems = words.list_problems;
  options.support_matrix = words.support_matrix;
  options.verify_only = words.verify_only;
  options.profile = words.profile;
  options.resume = words.resume;
  options.model = words.model;
  options.out = words.out;
  options.dump = words.dump;
  options.device_profile = words.device_profile;
  require_consistent(options);
  return options;
}

std::string help_text() {
  CLI::App app(
      "Checks and measures every strategy for transposed convolution on every selected layer.",
      "tconv_bench");
  Words words;
  declare(app, words);
  return app.help();
}

}  // namespace tconv::bench
