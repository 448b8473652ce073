// Code that the program loads itself: kernels by name, without a host stub.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "reference/cudart/address.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/modules.h"

using namespace cudart;

namespace {

FatBinary* binary_of(cudaLibrary_t library) { return reinterpret_cast<FatBinary*>(library); }
cudaLibrary_t library_of(FatBinary* binary) { return reinterpret_cast<cudaLibrary_t>(binary); }

std::string contents_of(const char* file) {
  std::ifstream in(file, std::ios::binary);
  require(static_cast<bool>(in), cudaErrorFileNotFound);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

// Options are for compilers and linkers that are not here.
CUDART_ENTRY cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* code,
                                             cudaJitOption*, void**, unsigned, cudaLibraryOption*,
                                             void**, unsigned) {
  return call([&] {
    require(library && code, cudaErrorInvalidValue);
    *library = library_of(Modules::get().load_library(code));
  });
}
CUDART_ENTRY cudaError_t cudaLibraryLoadFromFile(cudaLibrary_t* library, const char* file,
                                                 cudaJitOption*, void**, unsigned,
                                                 cudaLibraryOption*, void**, unsigned) {
  return call([&] {
    require(library && file, cudaErrorInvalidValue);
    *library = library_of(Modules::get().load_library(contents_of(file).data()));
  });
}
CUDART_ENTRY cudaError_t cudaLibraryUnload(cudaLibrary_t library) {
  return call([&] { Modules::get().unload_library(binary_of(library)); });
}
CUDART_ENTRY cudaError_t cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library,
                                              const char* name) {
  return call([&] {
    require(kernel && name, cudaErrorInvalidValue);
    *kernel =
        reinterpret_cast<cudaKernel_t>(&Modules::get().kernel_of_library(binary_of(library), name));
  });
}
CUDART_ENTRY cudaError_t cudaLibraryGetGlobal(void** address, size_t* bytes, cudaLibrary_t library,
                                              const char* name) {
  return call([&] {
    require((address || bytes) && name, cudaErrorInvalidValue);
    const auto symbol = Modules::get().variable_of_library(binary_of(library), name);
    if (address) *address = pointer(symbol.address);
    if (bytes) *bytes = symbol.size;
  });
}
