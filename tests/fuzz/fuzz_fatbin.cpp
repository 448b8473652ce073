// Any bytes as a fat binary's container: FatbinError or entries whose text can be read or is
// refused.
#include <cstdint>

#include "reference/cudart/fatbin.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto entries = cudart::read_container({reinterpret_cast<const std::byte*>(data), size});
    for (const auto& entry : entries) {
      if (entry.text_size > size_t{64} << 20) continue;  // allowed, but slow under a sanitizer
      try {
        (void)cudart::ptx_text(entry);
      } catch (const cudart::FatbinError&) {
      }
    }
    for (const int sm : {75, 80, 90, 120}) (void)cudart::select_ptx(entries, sm);
  } catch (const cudart::FatbinError&) {
  }
  return 0;
}
