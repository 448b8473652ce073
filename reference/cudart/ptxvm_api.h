// Extra functions of the virtual GPU's libcudart. A program that also runs on the real one finds
// them with dlsym and does without them where they are missing.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Forgets the counters kept so far. They are kept from the first call on, so that programs that
/// never ask pay nothing.
void ptxvmCountersReset(void);
/// The launches since the reset, in order. Valid until the next call from any thread.
/// {"launches":[{"kernel":"_Z3addPfi","demangled":"add(float*,
/// int)","grid":[x,y,z],"block":[x,y,z],"dynamic_shared":bytes,
///   "static_shared":bytes,"counters":{"name":value}}]}
const char* ptxvmCountersJson(void);
/// For example "0.1.0".
const char* ptxvmVersion(void);
/// The report of the fault that ended the context, or "".
const char* ptxvmLastReport(void);

#ifdef __cplusplus
}
#endif
