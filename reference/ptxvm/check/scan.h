// What the checks do with the words of a request, many at once: compiled for each instruction set
// (ops/shadow.cpp).
#pragma once

#include <cstdint>

namespace ptxvm {

struct Warp;
struct Op;
struct Footprint;

/// One entry for each 4-byte word, indexed by address / 4.
struct Shadow {
  uint8_t* unwritten = nullptr;  // bit b: byte b was never written; null: not checked
  uint64_t* writes = nullptr;    // the last write (record.h), 0: none; null: races not checked
  uint64_t* reads = nullptr;     // a read, 0: none
};

/// Entries that may be read behind the last one that is asked for.
inline constexpr uint32_t kPadding = 8;

/// Neighbouring words.
struct Segment {
  int64_t word;    // the first one, less the word of the request's first lane
  uint32_t count;  // of words
  uint32_t tag;    // index of the first one's tag
};

/// The words of one request in one space.
struct Words {
  uint64_t base;  // word of the first lane's address
  const Segment* segments;
  uint32_t count;
  const uint32_t* tags;  // by word: what it adds to a record, the thread and the bytes
};

/// How the running warp sees the records of others (record.h). A record tells of a possible race
/// if it reaches a limit: `near_limit` if the bits `near` are its own, else `far_limit`; but never
/// if the bits `same` are its own.
struct View {
  uint64_t record;  // its own, without what the tags add
  uint64_t near, same;
  uint64_t near_limit, far_limit;
  uint64_t read_limit;  // records of reads below it are replaced
};

/// What a scan found.
inline constexpr uint32_t kUnwritten = 1, kSuspicious = 2;

struct Scans {
  /// Do the addresses lie as the footprint says, shifted, and all inside? `base`: the first lane's.
  bool (*same_addresses)(Warp&, const Op*, const Footprint&, uint64_t& base);
  /// Some entry is not 0.
  bool (*any)(const uint8_t* entries, const Words&);
  /// Does a record tell of a possible race?
  bool (*suspicious)(const uint64_t* records, const Words&, const View&);
  /// Bytes that were never written, records of writes that tell of a race; notes the reads.
  uint32_t (*read)(const Shadow&, const Words&, const View&);
  /// A word's bytes add up where the record is the same thread's from the same op.
  void (*note_writes)(uint64_t* records, const Words&, const View&);
};

}  // namespace ptxvm
