// Any bytes as the results file that --resume finds: refused with one line, or rows that can be
// looked for, and a document that can be written again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/results.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tconv;
  static const int file = memfd_create("fuzz.json", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (file < 0 || ftruncate(file, 0) != 0) std::abort();
  if (pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  static Strategy strategy;
  strategy.name = "gather";
  const bench::Row row{1, &strategy, {}, Problem::parse("mb1ic4oc4ih4kh3sh2")};
  try {
    bench::ResultsFile results(path, {{"backend", "ptxvm"}, {"seed", 1}});
    results.resume();
    (void)results.has(row), (void)results.find(row);
    (void)results.document().dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  } catch (const bench::ResultsError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
