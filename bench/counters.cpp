#include "bench/counters.h"

#include <span>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace tconv::bench {
namespace {

using Names = std::span<const std::string_view>;

// Nsight Compute splits these by operation; ptx__ names are the virtual GPU's own.
constexpr std::string_view kSectors[] = {"l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
                                         "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum",
                                         "l1tex__t_sectors_pipe_lsu_mem_global_op_atom.sum",
                                         "l1tex__t_sectors_pipe_lsu_mem_global_op_red.sum"};
constexpr std::string_view kWavefronts[] = {
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_atom.sum"};
constexpr std::string_view kAtomics[] = {"ptx__atomic_lanes"};
constexpr std::string_view kDramSectors[] = {"ptx__dram_sectors_read_distinct",
                                             "ptx__dram_sectors_written_distinct"};
constexpr std::string_view kFma[] = {"smsp__sass_thread_inst_executed_op_ffma_pred_on.sum"};
constexpr std::string_view kTensor[] = {"ptx__tensor_macs"};

// Estimates (reference/ptxvm/cache_model.h).
constexpr std::string_view kModelL2Sectors[] = {
    "ptx__model_l2_sectors_read", "ptx__model_l2_sectors_written", "ptx__model_l2_sectors_atomic"};
constexpr std::string_view kModelDramBytes[] = {"ptx__model_dram_bytes_read",
                                                "ptx__model_dram_bytes_written"};

uint64_t total(const CounterMap& counters, Names names) {
  uint64_t value = 0;
  for (const std::string_view name : names) {
    const auto found = counters.find(std::string(name));
    if (found != counters.end()) value += found->second;
  }
  return value;
}

}  // namespace

std::vector<LaunchCounters> parse_counters(std::string_view text) {
  try {
    const auto document = nlohmann::json::parse(text);
    std::vector<LaunchCounters> launches;
    for (const auto& entry : document.at("launches")) {
      const auto grid = entry.at("grid").get<std::vector<uint64_t>>();
      launches.push_back({entry.at("kernel").get<std::string>(),
                          grid.at(0) * grid.at(1) * grid.at(2),
                          entry.at("counters").get<CounterMap>()});
      const auto block = entry.value("block", std::vector<uint64_t>{0, 0, 0});
      launches.back().threads = block.at(0) * block.at(1) * block.at(2);
      launches.back().shared =
          entry.value("static_shared", uint64_t{0}) + entry.value("dynamic_shared", uint64_t{0});
    }
    return launches;
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string("the virtual GPU's counters: ") + error.what());
  }
}

std::vector<LaunchCounters> read_counters(const Backend& backend) {
  return parse_counters(backend.counters_json());
}

CounterMap sum(const std::vector<LaunchCounters>& launches) {
  CounterMap totals;
  for (const LaunchCounters& launch : launches) {
    for (const auto& [name, value] : launch.counters) {
      // Sizes of one launch (launch__block_size) do not add up.
      if (name.rfind("launch__", 0) != 0) totals[name] += value;
    }
  }
  totals["ptx__launches"] = launches.size();
  return totals;
}

LaunchUse use_of(const LaunchCounters& launch) {
  const CounterMap& c = launch.counters;
  std::optional<LaunchUse::Model> model;
  if (c.contains(std::string(kModelL2Sectors[0])))
    model = {.l2_sectors = total(c, kModelL2Sectors), .dram_bytes = total(c, kModelDramBytes)};
  return {.blocks = launch.blocks,
          .dram_sectors = total(c, kDramSectors),
          .l1_sectors = total(c, kSectors),
          .shared_wavefronts = total(c, kWavefronts),
          .fma_lanes = total(c, kFma),
          .tensor_macs = total(c, kTensor),
          .atomics = total(c, kAtomics),
          .model = model};
}

uint64_t sectors(const CounterMap& counters) { return total(counters, kSectors); }
uint64_t wavefronts(const CounterMap& counters) { return total(counters, kWavefronts); }
uint64_t atomics(const CounterMap& counters) { return total(counters, kAtomics); }

}  // namespace tconv::bench
