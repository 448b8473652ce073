// What the executor knows of global memory beyond Memory's public face: where bytes and marks lie
// on the host.
//
// One mark byte per 32-byte sector and direction tells in which launch the sector was touched last,
// so that distinct sectors are counted at their first touch and nothing has to be cleared or
// scanned between launches.
#pragma once

#include <cstdint>

#include "reference/ptxvm/vm.h"

namespace ptxvm {

inline constexpr uint64_t kSectorBytes = 32;

struct MemoryView {
  std::byte* host_bias = nullptr;  // host = host_bias + address
  uint8_t* read_marks = nullptr;   // mark of an address: marks[address / 32]
  uint8_t* write_marks = nullptr;
  uint8_t mark = 0;  // what this launch leaves at sectors that it touches
  // Handlers need not report sectors that have this mark. It is `mark`, or, if someone wants to see
  // every access (trace.h), kNoMark, which no sector ever has.
  uint8_t epoch = 0;
  static constexpr uint8_t kNoMark = 255;

  // For the checks, by address / 4 (check/state.h, Shadow); null: not checked.
  uint8_t* unwritten = nullptr;
  uint64_t *writes = nullptr, *reads = nullptr;
  uint64_t arena_begin = 0, arena_bytes = 0;

  /// Begins a launch: every mark now counts as untouched, and nobody has accessed anything.
  static MemoryView begin(Memory&);
  /// Makes room for what the checks remember.
  static void enable(Memory&, const Checks&);
};

}  // namespace ptxvm
