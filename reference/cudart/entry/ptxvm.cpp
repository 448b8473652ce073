// The virtual GPU's own functions (ptxvm_api.h).
#include "reference/cudart/counters.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/ptxvm_api.h"

using namespace cudart;

CUDART_ENTRY void ptxvmCountersReset() { call_anyway(reset_counters); }

CUDART_ENTRY const char* ptxvmCountersJson() {
  static std::string& text = *new std::string;
  call_anyway([] { text = counters_json(); });
  return text.c_str();
}
CUDART_ENTRY const char* ptxvmVersion() { return PTXVM_VERSION; }
CUDART_ENTRY const char* ptxvmLastReport() { return Context::get().last_report().c_str(); }
