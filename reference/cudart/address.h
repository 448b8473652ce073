// Device addresses as the C API has them (void*) and as the machine has them (numbers).
#pragma once

#include <cstdint>

#include "reference/cudart/context.h"

namespace cudart {

inline uint64_t number(const void* p) { return reinterpret_cast<uint64_t>(p); }
inline void* pointer(uint64_t address) { return reinterpret_cast<void*>(address); }
inline ptxvm::Memory& memory() { return Context::get().memory(); }

}  // namespace cudart
