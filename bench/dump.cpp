#include "bench/dump.h"

#include <fstream>
#include <stdexcept>

#include "bench/npy.h"
#include "bench/results.h"
#include "bench/tensor.h"

namespace tconv::bench {

void dump(const std::filesystem::path& folder, const RowResult& result, std::span<const float> x,
          std::span<const float> w, std::span<const float> y, std::span<const float> bias) {
  const std::filesystem::path target = folder / std::to_string(result.row.index);
  std::filesystem::create_directories(target);
  const Problem& problem = result.row.problem;
  write_npy(target / "x.npy", x, x_shape(problem).dims);
  write_npy(target / "w.npy", w, w_shape(problem).dims);
  write_npy(target / "y.npy", y, y_shape(problem).dims);
  if (!bias.empty()) write_npy(target / "bias.npy", bias, std::vector{problem.out_channels});
  std::ofstream file(target / "row.json");
  file << to_json(result).dump(1) << '\n';
  file.close();
  if (!file) throw std::runtime_error("cannot write " + (target / "row.json").string());
}

}  // namespace tconv::bench
