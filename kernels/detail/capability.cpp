#include "kernels/detail/capability.h"

#include <algorithm>

#include "kernels/detail/index.cuh"

namespace tconv::detail {
namespace {

/// Empty if `wanted` is among `known`, else "<what> <wanted>: computes <known> only".
template <class T>
std::string refuse_unknown(const char* what, T wanted, std::span<const T> known) {
  if (std::find(known.begin(), known.end(), wanted) != known.end()) return {};
  std::string words;
  for (const T one : known) words += (words.empty() ? "" : ", ") + std::string(to_string(one));
  return what + (' ' + std::string(to_string(wanted))) + ": computes " + words + " only";
}

}  // namespace

std::string refuse_epilogue(const Config& config) {
  if (config.epilogue == Epilogue::none) return {};
  return "epilogue " + std::string(to_string(config.epilogue)) + ": fuses none";
}

std::string refuse(const Problem& problem, const Config& config, const Capability& can) {
  std::string reason = refuse_unknown("dtype", config.dtype, can.dtypes);
  if (!reason.empty() && config.dtype == DType::tf32) {
    return "dtype tf32: a format of tensor cores, and this computes on the FMA pipe";
  }
  if (reason.empty()) reason = refuse_unknown("layout", config.layout, can.layouts);
  if (reason.empty() && !can.fuses_epilogue) reason = refuse_epilogue(config);
  return reason.empty() ? index_limit_reason(problem) : reason;
}

}  // namespace tconv::detail
