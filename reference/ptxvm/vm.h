// ptxvm: runs PTX on the CPU. This header is all that a user of the machine (reference/cudart,
// tests) includes. It knows nothing of CUDA's C API.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ptxvm {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t{x} * y * z; }
};

/// Text that is not PTX, or PTX that this machine does not run (names the instruction).
struct PtxError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class TrapKind {
  out_of_bounds,
  misaligned,
  null_address,
  invalid_address_space,
  use_after_free,
  illegal_instruction,
  assertion,
  trap,
  deadlock,
  timeout,
  stack_overflow,
  launch_configuration,
  uninitialised,
  race,
  barrier_misuse,
};
std::string_view to_string(TrapKind);

/// A thread at an instruction.
struct Party {
  std::string instruction;  // "module:ptx line (instruction)"
  std::string file;         // source, empty if unknown
  uint32_t line = 0;
  Dim3 block{0, 0, 0}, thread{0, 0, 0};
};

/// What a device address lies in.
struct Place {
  std::string space;     // "global", "shared", "local"
  uint64_t address = 0;  // shared, local: offset
};

/// A range of global memory that belongs together.
struct Allocation {
  uint64_t address = 0, size = 0;
  std::string label;
  bool constant = false;  // a .const variable
};
/// The allocation that holds an address, or held it, or is the nearest.
struct Neighbour {
  Allocation allocation;
  bool freed = false;
};

/// A report in parts, for who writes it in another form than text.
struct Finding {
  std::string kernel;  // demangled
  std::string detail;  // what, address, nearest allocation
  std::optional<Place> place;
  std::optional<Neighbour> neighbour;  // of a place in global memory
  Party party;
  std::optional<Party> other;  // races: who came before
};

/// A fault of the running program. what() is the whole report: kind, kernel, PTX line, source line,
/// block, thread, address, nearest allocation.
struct Trap : std::runtime_error {
  Trap(TrapKind kind_, const std::string& text) : std::runtime_error(text), kind(kind_) {}
  Trap(TrapKind kind_, const std::string& text, std::shared_ptr<const Finding> finding_)
      : std::runtime_error(text), kind(kind_), finding(std::move(finding_)) {}
  TrapKind kind;
  std::shared_ptr<const Finding> finding;  // null if no thread did it
};

/// What is looked for beyond bounds, alignment and null, which always are.
struct Checks {
  bool init = false, race = false, sync = false, leak = false;
  bool only_report = false;  // go on after a finding
  bool any_in_kernels() const { return init || race || sync; }
};
/// PTXVM_CHECK (words mem, init, race, sync, leak, all, with commas) and PTXVM_CHECK_ACTION (trap,
/// report). Throws std::runtime_error for any other word.
Checks checks_from_environment();

/// Global memory: a guarded arena. Device addresses are not host addresses: dereferencing one on
/// the host faults, unless the allocation is shown to the host.
class Memory {
 public:
  using Allocation = ptxvm::Allocation;
  Memory(uint64_t capacity);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /// 256-byte aligned (or more); unmapped bytes follow, so that one past the end is never another
  /// allocation. Returns 0 if the capacity is spent.
  uint64_t allocate(uint64_t size, std::string label, uint64_t alignment = 256,
                    bool constant = false);
  /// False if `address` is not the start of a live allocation.
  bool release(uint64_t address);
  /// The live allocation that holds [address, address+size), or null.
  const Allocation* find(uint64_t address, uint64_t size = 1) const;
  /// Nothing if nothing was ever allocated.
  std::optional<Neighbour> neighbour(uint64_t address) const;
  /// "4 bytes after the end of allocation 0x.. of 1024 bytes (cudaMalloc #3)", for reports.
  std::string describe(uint64_t address) const;
  /// True if the address lay in an allocation that was released, and no later one took its place.
  bool was_released(uint64_t address) const;
  /// Where the bytes of a device address are on the host. No check: find() first.
  std::byte* host(uint64_t address) const;
  /// Lets the host use a live allocation at its device address too, as managed memory is. By whole
  /// pages: a neighbour's bytes on the first and last one are shown with it. False if the system
  /// refuses.
  bool show_to_host(uint64_t address);
  /// True if the value lies in the arena's device range (allocated or not): tells device pointers
  /// from host pointers.
  bool is_device(uint64_t address) const;
  uint64_t used() const;
  uint64_t capacity() const;
  /// All live allocations by address.
  std::vector<Allocation> live() const;
  /// For the check of uninitialised reads: what these bytes hold was never written, or was. Without
  /// a call they count as written. No effect in a machine without that check.
  void set_written(uint64_t address, uint64_t size, bool written);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend struct MemoryView;  // the executor's fast path (memory_view.h)
};

/// Named totals of one launch; names are Nsight Compute's where the meaning is the same, else start
/// with "ptx__".
using Counters = std::map<std::string, uint64_t, std::less<>>;

struct LaunchReport {
  std::string kernel;  // mangled
  Dim3 grid, block;
  uint64_t dynamic_shared = 0, static_shared = 0;
  Counters counters;

  /// What one PTX instruction counted: those of `counters` that belong to instructions and are not
  /// 0.
  struct Line {
    std::string function;  // that the instruction is in, mangled
    std::string module;    // name given to Machine::load
    uint32_t ptx_line = 0;
    std::string instruction;  // "ld.global.v4.f32"
    std::string source;       // file, empty if the PTX has no .loc for it
    uint32_t source_line = 0;
    Counters counters;
  };
  std::vector<Line> lines;  // filled if MachineConfig::profile
};

class Kernel;  // a function of a loaded module, lowered at its first use

struct Launch {
  const Kernel* kernel = nullptr;
  Dim3 grid, block, cluster;
  uint32_t dynamic_shared = 0;
  bool cooperative = false;
  std::span<void* const> args;  // args[i] points at argument i; sizes come from the PTX .param list
};

/// Limits and identity of the GPU that the machine pretends to be.
struct MachineConfig {
  uint64_t memory_bytes = uint64_t{16} << 30;
  int sm = 80;  // selects PTX
  int sms = 108;
  uint32_t shared_per_block = 48 << 10, shared_per_block_optin = 163 << 10;
  uint32_t max_threads_per_block = 1024;
  uint32_t threads_per_sm = 2048, blocks_per_sm = 32, shared_per_sm = 164 << 10;
  uint64_t l1_bytes = 192 << 10;  // per SM, shared memory included
  uint64_t l2_bytes = 40 << 20;
  int workers = 0;                              // 0: PTXVM_THREADS, else all cores
  std::optional<Checks> checks = std::nullopt;  // nullopt: the environment says
  bool profile = false;                         // fill LaunchReport::lines
  bool model_caches = false;                    // counters ptx__model_* (cache_model.h)
};

class Machine {
 public:
  explicit Machine(const MachineConfig&);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Memory& memory();
  const MachineConfig& config() const;

  using ModuleId = int;
  /// Parses, places the module's variables in memory. Throws PtxError.
  ModuleId load(std::string_view ptx, const std::string& name);
  void unload(ModuleId);
  /// Null if the module has no such entry.
  const Kernel* kernel(ModuleId, std::string_view name);
  struct Symbol {
    uint64_t address = 0, size = 0;
  };
  /// A .global or .const variable; size 0 if there is none.
  Symbol symbol(ModuleId, std::string_view name);

  struct KernelInfo {
    std::string name;
    uint32_t static_shared = 0, local_bytes = 0, max_threads = 1024;
    std::vector<uint32_t> param_sizes, param_offsets;
    uint32_t param_bytes = 0;
    int target = 0;
    int registers = 0;
    Dim3 required_cluster;
  };
  KernelInfo info(const Kernel*);

  /// Runs the grid to its end. Throws Trap (the launch stops), PtxError (an instruction that is not
  /// supported, at lowering).
  LaunchReport run(const Launch&);

  /// Where device printf goes; default stdout.
  void set_printf(std::function<void(std::string_view)>);
  /// Where findings go under Checks::only_report; default: their text to stderr.
  void set_findings(std::function<void(const Trap&)>);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ptxvm
