// Every function of the real library that api.def does not call implemented. The toolkit's headers
// are kept out, as they declare the true parameters: callers pass them, nobody reads them.
namespace cudart {
int report_unsupported(const char* function);
}

#define IMPLEMENTED(function)
#define UNSUPPORTED(function)                                       \
  extern "C" __attribute__((visibility("default"))) int function(); \
  extern "C" int function() { return cudart::report_unsupported(#function); }
#include "reference/cudart/api.def"
#if CUDART_MAJOR == 12
#include "reference/cudart/api_cuda12.def"
#endif
