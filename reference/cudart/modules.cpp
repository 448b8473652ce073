#include "reference/cudart/modules.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>

#include "reference/cudart/address.h"
#include "reference/cudart/memory.h"

namespace cudart {
namespace {

// The program or library that a fat binary was linked into.
std::string owner_of(const void* wrapper) {
  Dl_info info;
  return dladdr(wrapper, &info) && info.dli_fname ? info.dli_fname : "the program";
}

std::string targets_of(const std::vector<FatbinEntry>& entries) {
  std::string list;
  for (const FatbinEntry& e : entries) {
    if (!list.empty()) list += ", ";
    list += e.kind == FatbinEntry::Kind::ptx ? "PTX for sm_" : "machine code for sm_";
    list += std::to_string(e.sm) + (e.only_this_sm ? "a" : "");
  }
  return list.empty() ? "nothing" : list;
}

[[noreturn]] void fail_without_ptx(const FatBinary& binary,
                                   const std::vector<FatbinEntry>& entries) {
  const std::string sm = std::to_string(Context::get().sm());
  const std::string target = std::to_string(std::min(Context::get().sm(), 80));
  fail(cudaErrorNoKernelImageForDevice, owner_of(binary.wrapper) + " holds " + targets_of(entries) +
                                            ", but the virtual GPU runs PTX for sm_" + sm +
                                            " or lower: build with -gencode arch=compute_" +
                                            target + ",code=compute_" + target);
}

}  // namespace

Modules& Modules::get() {
  static Modules& modules =
      *new Modules;  // like the context, outlives the program's own exit handlers
  return modules;
}

FatBinary* Modules::add(const void* wrapper) {
  static int count = 0;
  auto binary = std::make_unique<FatBinary>();
  binary->wrapper = wrapper;
  binary->name = std::filesystem::path(owner_of(wrapper)).filename().string() + "." +
                 std::to_string(++count) + ".ptx";
  FatBinary* const handle = binary.get();
  binaries_.emplace(handle, std::move(binary));
  return handle;
}

void Modules::remove(FatBinary* binary) {
  std::erase_if(functions_, [&](const auto& f) {
    if (f.second->binary != binary) return false;
    handles_.erase(f.second.get());
    return true;
  });
  std::erase_if(variables_, [&](const auto& v) { return v.second.binary == binary; });
  for (const auto id : binary->modules) Context::get().machine().unload(id);
  binaries_.erase(binary);
}

// A template's stub and variables are registered by every translation unit that uses them, with one
// host address: the first wins.
void Modules::add_function(FatBinary* binary, const void* host, const char* name) {
  const auto [at, added] = functions_.try_emplace(host);
  if (!added) return;
  at->second = std::make_unique<Function>();
  at->second->binary = binary;
  at->second->name = name;
  handles_.insert(at->second.get());
}

void Modules::add_variable(FatBinary* binary, const void* host, const char* name, size_t size,
                           void** managed) {
  variables_.try_emplace(
      host, Variable{.binary = binary, .name = name, .size = size, .managed = managed});
}

void Modules::place_managed(FatBinary* binary) {
  for (const auto& [host, variable] : variables_) {
    if (variable.binary != binary || !variable.managed) continue;
    const uint64_t address = symbol(host).address;
    show_variable(address);
    *variable.managed = pointer(address);
  }
}

void Modules::load_containers(FatBinary& binary) {
  ptxvm::Machine& machine = Context::get().machine();
  std::vector<FatbinEntry> all;
  for (const auto container : containers_of(binary.wrapper)) {
    const std::vector<FatbinEntry> entries = read_container(container);
    all.insert(all.end(), entries.begin(), entries.end());
    if (const FatbinEntry* best = select_ptx(entries, Context::get().sm()))
      binary.modules.push_back(machine.load(ptx_text(*best), binary.name));
  }
  if (binary.modules.empty()) fail_without_ptx(binary, all);
}

void Modules::load(FatBinary& binary) {
  using State = FatBinary::State;
  if (binary.state == State::refused) fail(binary.refusal);
  if (binary.state == State::loaded) return;
  binary.state = State::refused;  // until proven loadable, so that the reason is printed once
  binary.refusal = cudaErrorInvalidKernelImage;
  try {
    load_containers(binary);
    binary.state = State::loaded;
  } catch (const Error& e) {
    binary.refusal = e.code;
    throw;
  } catch (const FatbinError& e) {
    fail(cudaErrorInvalidKernelImage, owner_of(binary.wrapper) + ": " + e.what());
  } catch (const ptxvm::PtxError& e) {
    binary.refusal = cudaErrorNotSupported;
    fail(cudaErrorNotSupported, owner_of(binary.wrapper) + ": " + e.what());
  }
}

Function& Modules::registered(const void* host_or_handle) {
  if (const auto found = functions_.find(host_or_handle); found != functions_.end())
    return *found->second;
  require(handles_.contains(host_or_handle), cudaErrorInvalidDeviceFunction);
  return *const_cast<Function*>(static_cast<const Function*>(host_or_handle));
}

Function& Modules::function(const void* host_or_handle) {
  Function& f = registered(host_or_handle);
  if (f.kernel) return f;
  load(*f.binary);
  ptxvm::Machine& machine = Context::get().machine();
  for (const auto id : f.binary->modules) {
    if ((f.kernel = machine.kernel(id, f.name))) {
      f.info = machine.info(f.kernel);
      return f;
    }
  }
  fail(cudaErrorInvalidDeviceFunction,
       "no kernel " + f.name + " in the PTX of " + owner_of(f.binary->wrapper));
}

ptxvm::Machine::Symbol Modules::symbol(const void* host) {
  // The program's name of a __managed__ variable is its address, not where that is kept.
  const auto found = std::ranges::find_if(variables_, [host](const auto& v) {
    return v.first == host || (v.second.managed && *v.second.managed == host);
  });
  require(found != variables_.end(), cudaErrorInvalidSymbol);
  const Variable& v = found->second;
  load(*v.binary);
  for (const auto id : v.binary->modules)
    if (const auto symbol = Context::get().machine().symbol(id, v.name); symbol.size != 0)
      return symbol;
  fail(cudaErrorInvalidSymbol,
       "no variable " + v.name + " in the PTX of " + owner_of(v.binary->wrapper));
}

namespace {

// The PTX of code that may be text, a fat binary or machine code, one for each translation unit.
std::vector<std::string> texts_of(const void* code) {
  if (std::memcmp(code,
                  "\x7f"
                  "ELF",
                  4) == 0)
    fail(cudaErrorNoKernelImageForDevice,
         "cudaLibraryLoad: this is machine code, and the virtual GPU runs PTX");
  std::vector<std::span<const std::byte>> containers;
  if (is_wrapper(code))
    containers = containers_of(code);
  else if (const auto container = container_at(code); !container.empty())
    containers = {container};
  else
    return {static_cast<const char*>(code)};
  std::vector<std::string> texts;
  for (const auto container : containers) {
    const std::vector<FatbinEntry> entries = read_container(container);
    const FatbinEntry* best = select_ptx(entries, Context::get().sm());
    if (!best)
      fail(cudaErrorNoKernelImageForDevice, "cudaLibraryLoad: the fat binary holds " +
                                                targets_of(entries) +
                                                ", but the virtual GPU runs PTX for sm_" +
                                                std::to_string(Context::get().sm()) + " or lower");
    texts.push_back(ptx_text(*best));
  }
  return texts;
}

}  // namespace

FatBinary* Modules::load_library(const void* code) {
  static int count = 0;
  auto library = std::make_unique<FatBinary>();
  library->state = FatBinary::State::loaded;
  library->name = "library." + std::to_string(++count) + ".ptx";
  ptxvm::Machine& machine = Context::get().machine();
  try {
    for (const std::string& text : texts_of(code))
      library->modules.push_back(machine.load(text, library->name));
  } catch (const FatbinError& e) {
    fail(cudaErrorInvalidKernelImage, std::string("cudaLibraryLoad: ") + e.what());
  } catch (const ptxvm::PtxError& e) {
    for (const auto id : library->modules) machine.unload(id);
    fail(cudaErrorInvalidPtx, e.what());
  }
  FatBinary* const handle = library.get();
  libraries_.emplace(handle, std::move(library));
  return handle;
}

void Modules::unload_library(FatBinary* library) {
  require(libraries_.contains(library), cudaErrorInvalidResourceHandle);
  std::erase_if(functions_, [&](const auto& f) {
    if (f.second->binary != library) return false;
    handles_.erase(f.second.get());
    return true;
  });
  for (const auto id : library->modules) Context::get().machine().unload(id);
  libraries_.erase(library);
}

Function& Modules::kernel_of_library(FatBinary* library, const std::string& name) {
  require(libraries_.contains(library), cudaErrorInvalidResourceHandle);
  for (const auto& [host, f] : functions_)
    if (f->binary == library && f->name == name) return *f;
  ptxvm::Machine& machine = Context::get().machine();
  for (const auto id : library->modules) {
    const ptxvm::Kernel* kernel = machine.kernel(id, name);
    if (!kernel) continue;
    auto f = std::make_unique<Function>();
    f->binary = library;
    f->name = name;
    f->kernel = kernel;
    f->info = machine.info(kernel);
    Function* const handle = f.get();  // stands for itself, as there is no stub
    functions_.emplace(handle, std::move(f));
    handles_.insert(handle);
    return *handle;
  }
  fail(cudaErrorSymbolNotFound);
}

ptxvm::Machine::Symbol Modules::variable_of_library(const FatBinary* library,
                                                    const std::string& name) {
  require(libraries_.contains(library), cudaErrorInvalidResourceHandle);
  for (const auto id : library->modules)
    if (const auto symbol = Context::get().machine().symbol(id, name); symbol.size != 0)
      return symbol;
  fail(cudaErrorSymbolNotFound);
}

void Modules::forget_loaded() {
  while (!libraries_.empty()) unload_library(libraries_.begin()->second.get());
  for (auto& [handle, binary] : binaries_) {
    binary->state = FatBinary::State::unread;
    binary->modules.clear();
  }
  for (auto& [host, f] : functions_) f->kernel = nullptr;
}

}  // namespace cudart
