// What the program registered before main: fat binaries, their kernels and variables. Nothing is
// decompressed or parsed until a kernel or variable of the fat binary is used, so start-up costs a
// few map insertions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reference/cudart/context.h"
#include "reference/cudart/fatbin.h"

namespace cudart {

struct FatBinary {
  const void* wrapper = nullptr;
  std::string name;  // for reports: the file's name and which of its fat binaries this is
  enum class State { unread, loaded, refused } state = State::unread;
  cudaError_t refusal = cudaSuccess;
  std::vector<ptxvm::Machine::ModuleId> modules;  // one for each translation unit
};

struct Function {
  FatBinary* binary = nullptr;
  std::string name;                       // mangled
  const ptxvm::Kernel* kernel = nullptr;  // null until first use
  ptxvm::Machine::KernelInfo info;
  std::optional<uint32_t> max_dynamic_shared;  // as cudaFuncSetAttribute left it
};

struct Variable {
  FatBinary* binary = nullptr;
  std::string name;
  size_t size = 0;
  void** managed = nullptr;  // where the program reads a __managed__ variable's host address
};

class Modules {
 public:
  static Modules& get();

  FatBinary* add(const void* wrapper);
  void remove(FatBinary* binary);
  void add_function(FatBinary* binary, const void* host, const char* name);
  void add_variable(FatBinary* binary, const void* host, const char* name, size_t size,
                    void** managed = nullptr);
  /// Gives each __managed__ variable of the fat binary its host address.
  void place_managed(FatBinary* binary);

  /// By the host stub's address or by a handle from __cudaGetKernel. Fails with
  /// cudaErrorInvalidDeviceFunction.
  Function& registered(const void* host_or_handle);
  /// The same, loaded. Fails with cudaErrorNoKernelImageForDevice and the reason if there is no PTX
  /// to run.
  Function& function(const void* host_or_handle);
  /// Fails with cudaErrorInvalidSymbol.
  ptxvm::Machine::Symbol symbol(const void* host);

  /// Loads code that is no part of the program: PTX text, or a fat binary as nvcc writes it, in
  /// memory or wrapped. Fails with cudaErrorInvalidPtx, cudaErrorNoKernelImageForDevice.
  FatBinary* load_library(const void* code);
  /// These fail with cudaErrorInvalidResourceHandle for what is no library, cudaErrorSymbolNotFound
  /// for what it has not.
  void unload_library(FatBinary* library);
  Function& kernel_of_library(FatBinary* library, const std::string& name);
  ptxvm::Machine::Symbol variable_of_library(const FatBinary* library, const std::string& name);

  /// After the machine is gone: everything is unread again, libraries are gone.
  void forget_loaded();

 private:
  void load(FatBinary& binary);
  void load_containers(FatBinary& binary);

  std::unordered_map<const FatBinary*, std::unique_ptr<FatBinary>> binaries_;
  std::unordered_map<const void*, std::unique_ptr<Function>> functions_;
  std::unordered_set<const void*> handles_;
  std::unordered_map<const void*, Variable> variables_;
  std::unordered_map<const FatBinary*, std::unique_ptr<FatBinary>> libraries_;
};

}  // namespace cudart
