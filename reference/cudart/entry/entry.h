// What every file of C entries starts with. Entries forward: they take the lock, call the logic,
// return a code.
#pragma once

#include <cuda_runtime_api.h>

#include "reference/cudart/context.h"

#define CUDART_ENTRY extern "C" __attribute__((visibility("default")))

/// The per-thread-default-stream twin of an entry (suffix _ptds or _ptsz). Streams do not overlap
/// here, so it is the entry itself under another name.
#define CUDART_TWIN(function, suffix) \
  CUDART_ENTRY decltype(function) function##suffix __attribute__((alias(#function)));
