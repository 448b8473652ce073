// Any words, one a line, as a command line of tconv_bench: refused with one line, or options whose
// problems print and parse back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/cli.h"
#include "bench/usage.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> words{"tconv_bench"};
  for (std::string_view rest(reinterpret_cast<const char*>(data), size); !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find('\n'));
    words.emplace_back(word.substr(0, word.find('\0')));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  try {
    const auto options = tconv::bench::parse_options(static_cast<int>(argv.size()), argv.data());
    for (const tconv::Problem& p : options.problems)
      if (!(tconv::Problem::parse(p.str()) == p)) std::abort();
    (void)options.selects("implicit_gemm");
  } catch (const tconv::UsageError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
