#include "reference/ptxvm/launch.h"

#include <cstdlib>
#include <cstring>
#include <thread>

#include "reference/ptxvm/check/state.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/module.h"
#include "reference/ptxvm/regroup.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {
namespace {

// Non-portable cluster size, CUDA programming guide, section "Thread Block Clusters".
constexpr uint64_t kMaxCluster = 16;

[[noreturn]] void refuse(const Grid& grid, const std::string& what) {
  throw Trap(TrapKind::launch_configuration,
             "launch configuration: " + what + "\n  kernel " + demangled(grid.kernel));
}

/// A positive number from the environment, 0 if it is not set.
uint64_t from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (!text || !*text) return 0;
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*end || value == 0)
    throw std::runtime_error(std::string(name) + "=" + text + ": must be a positive whole number");
  return value;
}

size_t worker_count(const Grid& grid) {
  uint64_t wanted =
      grid.config->workers > 0 ? uint64_t(grid.config->workers) : from_environment("PTXVM_THREADS");
  if (!wanted) wanted = std::max(1u, std::thread::hardware_concurrency());
  return std::min(wanted, grid.grid.count() / grid.cluster.count());
}

void check_cluster(const Grid& grid, const ptx::Function& function) {
  const Dim3 &size = grid.cluster, &all = grid.grid;
  const auto text = [](const Dim3& d) {
    return std::to_string(d.x) + "x" + std::to_string(d.y) + "x" + std::to_string(d.z);
  };
  if (!size.count()) refuse(grid, "an empty cluster");
  const Dim3 required{function.required_cluster[0], std::max(function.required_cluster[1], 1u),
                      std::max(function.required_cluster[2], 1u)};
  if (required.x && text(required) != text(size))
    refuse(grid, "clusters of " + text(size) + " blocks, " + text(required) +
                     " by the kernel's .reqnctapercluster");
  if (size.count() > kMaxCluster)
    refuse(grid, std::to_string(size.count()) + " blocks in a cluster, at most " +
                     std::to_string(kMaxCluster));
  if (all.x % size.x || all.y % size.y || all.z % size.z)
    refuse(grid,
           "a grid of " + text(all) + " blocks does not divide into clusters of " + text(size));
}

void check(const Grid& grid, const ptx::Function& function) {
  if (!grid.grid.count()) refuse(grid, "an empty grid");
  const uint64_t threads = grid.block.count();
  if (!threads) refuse(grid, "an empty block");
  if (threads > grid.config->max_threads_per_block)
    refuse(grid, std::to_string(threads) + " threads in a block, at most " +
                     std::to_string(grid.config->max_threads_per_block));
  uint64_t limit = 1, required = 1;
  for (int axis = 0; axis < 3; ++axis) {
    limit *= std::max(function.max_threads[axis], 1u);
    required *= std::max(function.required_threads[axis], 1u);
  }
  if (function.max_threads[0] && threads > limit)
    refuse(grid, std::to_string(threads) + " threads in a block, at most " + std::to_string(limit) +
                     " by the kernel's .maxntid");
  if (function.required_threads[0] && threads != required)
    refuse(grid, std::to_string(threads) + " threads in a block, exactly " +
                     std::to_string(required) + " by the kernel's .reqntid");
  check_cluster(grid, function);
  if (grid.shared_bytes > grid.config->shared_per_block_optin)
    refuse(grid, std::to_string(grid.shared_bytes) + " bytes of shared memory, at most " +
                     std::to_string(grid.config->shared_per_block_optin));
}

std::vector<std::byte> pack(const Grid& grid, const Code& entry, std::span<void* const> args) {
  if (args.size() < entry.params.size())
    refuse(grid, std::to_string(args.size()) + " arguments for " +
                     std::to_string(entry.params.size()) + " parameters");
  std::vector<std::byte> buffer(entry.param_bytes + 256);
  for (size_t i = 0; i < entry.params.size(); ++i)
    std::memcpy(buffer.data() + entry.params[i].offset, args[i], entry.params[i].bytes);
  return buffer;
}

/// As many blocks as threads, blocks and shared memory let in; L1 gets what they leave.
CacheGeometry cache_geometry(const Grid& grid) {
  const MachineConfig& gpu = *grid.config;
  const uint64_t shared = grid.shared_bytes + kSystemShared;
  const uint64_t wanted = (grid.grid.count() + uint64_t(gpu.sms) - 1) / uint64_t(gpu.sms);
  const uint64_t resident = std::max<uint64_t>(
      1, std::min({uint64_t{gpu.blocks_per_sm}, gpu.threads_per_sm / grid.block.count(),
                   gpu.shared_per_sm / shared, wanted}));
  CacheGeometry geometry;
  geometry.l1_bytes = gpu.l1_bytes - std::min(gpu.l1_bytes, resident * shared);
  geometry.l2_bytes = gpu.l2_bytes;
  geometry.sms = uint32_t(gpu.sms);
  geometry.resident = uint32_t(resident);
  return geometry;
}

/// What a driver gives a cooperative launch for the barrier of its blocks.
class GridWorkspace {
 public:
  GridWorkspace(Memory& memory, bool wanted)
      : memory_(memory), address_(wanted ? memory.allocate(kBytes, "grid barrier") : 0) {
    if (address_) std::memset(memory.host(address_), 0, kBytes);
  }
  ~GridWorkspace() { memory_.release(address_); }
  GridWorkspace(const GridWorkspace&) = delete;
  GridWorkspace& operator=(const GridWorkspace&) = delete;
  uint64_t address() const { return address_; }

 private:
  static constexpr uint64_t kBytes = 256;
  Memory& memory_;
  uint64_t address_;
};

void prepare(Grid& grid, const Launch& launch) {
  const Kernel& kernel = *launch.kernel;
  grid.program = &kernel.program();
  grid.kernel = kernel.function().name;
  grid.grid = launch.grid;
  grid.block = launch.block;
  grid.cluster = launch.cluster;
  const auto& required = kernel.function().required_cluster;
  if (required[0] && launch.cluster.count() == 1)
    grid.cluster = {required[0], std::max(required[1], 1u), std::max(required[2], 1u)};
  grid.explicit_cluster = required[0] || grid.cluster.count() > 1;
  grid.cooperative = launch.cooperative;
  grid.static_shared = grid.program->static_shared;
  grid.dynamic_shared = launch.dynamic_shared;
  grid.shared_bytes =
      std::max(grid.program->dynamic_shared, grid.static_shared) + launch.dynamic_shared;
  check(grid, kernel.function());
  grid.params = pack(grid, grid.program->entry(), launch.args);
  plan_codes(grid);
  if (grid.config->model_caches)
    grid.model = std::make_unique<CacheModel>(cache_geometry(grid), grid.grid.count());
  if (const uint64_t seconds = from_environment("PTXVM_TIMEOUT"))
    grid.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

}  // namespace

LaunchReport run_grid(const Launch& launch, Memory& memory, const MachineConfig& config,
                      uint64_t id, const std::function<void(std::string_view)>& print,
                      const std::function<void(const Trap&)>& findings) {
  Grid grid;
  grid.memory = &memory;
  grid.config = &config;
  grid.id = id;
  grid.print = print;
  prepare(grid, launch);
  const GridWorkspace workspace(memory, launch.cooperative);
  grid.workspace = workspace.address();

  const size_t n = worker_count(grid);
  std::vector<Worker> workers(n);
  std::vector<Regroupings> regroupings(n);
  std::vector<Site> sites(n * grid.sites);
  std::vector<BlockCount> blocks(n * grid.blocks);
  MemoryView view = MemoryView::begin(memory);
  std::unique_ptr<GridChecks> checks;
  if (config.checks->any_in_kernels()) {
    checks = std::make_unique<GridChecks>();
    checks->which = *config.checks;
    checks->global = {view.unwritten, nullptr, nullptr};
    if (checks->which.race) checks->global = {view.unwritten, view.writes, view.reads};
    checks->arena_begin = view.arena_begin;
    checks->arena_bytes = view.arena_bytes;
    checks->findings = findings;
    grid.checks = checks.get();
  }
  if (grid.model) view.epoch = MemoryView::kNoMark;
  const auto run = [&](size_t i) {
    work(grid, workers[i], i, n, sites.data() + i * grid.sites, blocks.data() + i * grid.blocks);
  };
  for (size_t i = 0; i < n; ++i) {
    Worker& worker = workers[i];
    worker.regroupings = &regroupings[i];
    worker.grid = &grid;
    worker.memory = view;
    worker.params = grid.params.data();
    worker.param_bytes = grid.program->entry().param_bytes;
    worker.alone = n == 1;
  }
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < n; ++i) others.emplace_back(run, i);
    run(0);
  }
  if (grid.trap) std::rethrow_exception(grid.trap);

  LaunchReport report = count(grid, workers, sites, blocks);
  report.kernel = grid.kernel;
  report.grid = grid.grid;
  report.block = grid.block;
  report.dynamic_shared = grid.dynamic_shared;
  report.static_shared = grid.static_shared;
  return report;
}

}  // namespace ptxvm
