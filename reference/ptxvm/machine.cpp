// The machine's face: modules and symbols, and launches (launch.h).
#include <cstdio>

#include "reference/ptxvm/launch.h"
#include "reference/ptxvm/memory_view.h"
#include "reference/ptxvm/module.h"

namespace ptxvm {

struct Machine::Impl {
  explicit Impl(const MachineConfig& config_)
      : config(config_), memory(config.memory_bytes), linker(memory, *config.checks) {
    MemoryView::enable(memory, *config.checks);
  }
  MachineConfig config;
  Memory memory;
  Linker linker;
  std::mutex modules;
  std::mutex running;  // one grid at a time
  uint64_t launches = 0;
  std::function<void(std::string_view)> print = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  };
  std::function<void(const Trap&)> findings = [](const Trap& trap) {
    std::fprintf(stderr, "ptxvm: %s\n", trap.what());
  };
};

namespace {

MachineConfig with_checks(MachineConfig config) {
  if (!config.checks) config.checks = checks_from_environment();
  return config;
}

}  // namespace

Machine::Machine(const MachineConfig& config)
    : impl_(std::make_unique<Impl>(with_checks(config))) {}
Machine::~Machine() = default;

Memory& Machine::memory() { return impl_->memory; }
const MachineConfig& Machine::config() const { return impl_->config; }

Machine::ModuleId Machine::load(std::string_view ptx, const std::string& name) {
  const std::lock_guard lock(impl_->modules);
  return impl_->linker.load(ptx, name);
}

void Machine::unload(ModuleId id) {
  const std::lock_guard lock(impl_->modules);
  impl_->linker.unload(id);
}

const Kernel* Machine::kernel(ModuleId id, std::string_view name) {
  const std::lock_guard lock(impl_->modules);
  return impl_->linker.at(id).kernel(name);
}

Machine::Symbol Machine::symbol(ModuleId id, std::string_view name) {
  const std::lock_guard lock(impl_->modules);
  return impl_->linker.at(id).symbol(name);
}

Machine::KernelInfo Machine::info(const Kernel* kernel) {
  const Program& program = kernel->program();
  const Code& entry = program.entry();
  const ptx::Function& function = kernel->function();
  KernelInfo info;
  info.name = function.name;
  info.static_shared = program.static_shared;
  for (const auto& code : program.codes)
    info.local_bytes = std::max(info.local_bytes, code->local_bytes);
  const uint64_t required = uint64_t{function.required_threads[0]} *
                            std::max(function.required_threads[1], 1u) *
                            std::max(function.required_threads[2], 1u);
  const uint64_t limit = uint64_t{function.max_threads[0]} * std::max(function.max_threads[1], 1u) *
                         std::max(function.max_threads[2], 1u);
  info.max_threads = uint32_t(required ? required
                              : limit  ? limit
                                       : impl_->config.max_threads_per_block);
  for (const ParamSlot& param : entry.params) {
    info.param_sizes.push_back(param.bytes);
    info.param_offsets.push_back(param.offset);
  }
  info.param_bytes = entry.param_bytes;
  info.target = kernel->module().target;
  info.registers = int(entry.peak_registers);
  info.required_cluster = {function.required_cluster[0], function.required_cluster[1],
                           function.required_cluster[2]};
  return info;
}

LaunchReport Machine::run(const Launch& launch) {
  const std::lock_guard lock(impl_->running);
  return run_grid(launch, impl_->memory, impl_->config, ++impl_->launches, impl_->print,
                  impl_->findings);
}

void Machine::set_printf(std::function<void(std::string_view)> print) {
  impl_->print = std::move(print);
}

void Machine::set_findings(std::function<void(const Trap&)> findings) {
  impl_->findings = std::move(findings);
}

}  // namespace ptxvm
