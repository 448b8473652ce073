#include "reference/cudart/context.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "reference/cudart/findings.h"
#include "reference/cudart/profile.h"

namespace cudart {
namespace {

constexpr uint64_t kDefaultMemory = uint64_t{16} << 30;

cudaError_t code_of(ptxvm::TrapKind kind) {
  using enum ptxvm::TrapKind;
  switch (kind) {
    case out_of_bounds:
    case null_address:
    case use_after_free:
      return cudaErrorIllegalAddress;
    case misaligned:
      return cudaErrorMisalignedAddress;
    case invalid_address_space:
      return cudaErrorInvalidAddressSpace;
    case illegal_instruction:
      return cudaErrorIllegalInstruction;
    case assertion:
      return cudaErrorAssert;
    case deadlock:
    case timeout:
      return cudaErrorLaunchTimeout;
    case stack_overflow:
      return cudaErrorHardwareStackError;
    case launch_configuration:
      return cudaErrorInvalidConfiguration;
    case trap:
    case uninitialised:
    case race:
    case barrier_misuse:
      return cudaErrorLaunchFailure;
  }
  return cudaErrorLaunchFailure;
}

uint64_t parse_bytes(std::string_view text) {
  uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view suffix = text.substr(static_cast<size_t>(rest - text.data()));
  const int shift = suffix == "K" ? 10 : suffix == "M" ? 20 : suffix == "G" ? 30 : 0;
  if (error != std::errc{} || (shift == 0 && !suffix.empty()) || value == 0 ||
      value > (UINT64_MAX >> 20 >> shift))
    throw std::invalid_argument("PTXVM_MEMORY is '" + std::string(text) +
                                "': must be bytes, or a number with K, M or G");
  return value << shift;
}

bool models_caches() {
  const char* model = std::getenv("PTXVM_MODEL");
  if (!model || !*model) return false;
  if (std::string_view(model) == "cache") return true;
  throw std::invalid_argument("PTXVM_MODEL is '" + std::string(model) + "': must be cache");
}

}  // namespace

Context& Context::get() {
  static Context& context = *new Context;
  return context;
}

Context::Context() : profile_(&tconv::device_profile("a100-sxm")) {
  try {
    read_environment();
  } catch (const std::exception& e) {
    note(e.what());
    sticky_ = cudaErrorInitializationError;
  }
}

void Context::read_environment() {
  static_cast<void>(models_caches());
  const char* device = std::getenv("PTXVM_DEVICE");
  if (device) profile_ = &tconv::device_profile(device);
  checks_ = ptxvm::checks_from_environment();
  const char* memory = std::getenv("PTXVM_MEMORY");
  memory_bytes_ =
      memory ? parse_bytes(memory)
             : std::min<uint64_t>(kDefaultMemory, static_cast<uint64_t>(profile_->dram_bytes));
}

ptxvm::Machine& Context::machine() {
  if (!machine_) {
    ptxvm::MachineConfig config;
    config.memory_bytes = memory_bytes_;
    config.sm = sm();
    config.sms = profile_->sms;
    config.shared_per_block = static_cast<uint32_t>(profile_->shared_bytes_per_block);
    config.shared_per_block_optin = static_cast<uint32_t>(profile_->shared_bytes_per_block_optin);
    config.threads_per_sm = static_cast<uint32_t>(profile_->threads_per_sm);
    config.blocks_per_sm = static_cast<uint32_t>(profile_->blocks_per_sm);
    config.shared_per_sm = static_cast<uint32_t>(profile_->shared_bytes_per_sm);
    config.l1_bytes = static_cast<uint64_t>(profile_->l1_bytes_per_sm);
    config.l2_bytes = static_cast<uint64_t>(profile_->l2_bytes);
    config.profile = !profile_file().empty();
    config.model_caches = models_caches();
    config.checks = checks_;
    machine_ = std::make_unique<ptxvm::Machine>(config);
    machine_->set_findings(report_finding);
  }
  return *machine_;
}

void Context::require_usable() const { require(sticky_ == cudaSuccess, sticky_); }

void Context::fault(const ptxvm::Trap& trap) {
  last_report_ = trap.what();
  report_finding(trap);
  const cudaError_t code = code_of(trap.kind);
  if (code == cudaErrorInvalidConfiguration) fail(code);  // nothing ran: the context lives on
  sticky_ = code;
}

void Context::reset() { machine_.reset(); }

}  // namespace cudart
