#include "reference/cudart/fatbin.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <lz4.h>
#include <zstd.h>

namespace cudart {
namespace {

constexpr uint32_t kWrapperMagic = 0x466243B1;
constexpr uint32_t kContainerMagic = 0xBA55ED50;
constexpr uint64_t kContainerHeader = 16;
constexpr uint64_t kEntryHeader = 64;             // the smallest that nvcc writes
constexpr uint64_t kMaxText = uint64_t{1} << 30;  // a damaged size must not become an allocation

enum Flag : uint64_t { kFlagLz4 = 0x2000, kFlagZstd = 0x8000, kFlagOnlyThisSm = 0x100000 };

struct Wrapper {
  uint32_t magic;
  int32_t version;
  const void* data;
  const void* const* more;  // version 2: ends with a null
};
static_assert(sizeof(Wrapper) == 24);

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  T at(uint64_t offset) const {
    T value;
    std::memcpy(&value, slice(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::span<const std::byte> slice(uint64_t offset, uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      throw FatbinError("fat binary: needs " + std::to_string(size) + " bytes at offset " +
                        std::to_string(offset) + ", has " + std::to_string(bytes_.size()));
    return bytes_.subspan(offset, size);
  }

 private:
  std::span<const std::byte> bytes_;
};

uint64_t container_size(const Reader& reader) {
  if (reader.at<uint32_t>(0) != kContainerMagic)
    throw FatbinError("fat binary: wrong magic number at the start of the container");
  const uint16_t header = reader.at<uint16_t>(6);
  if (header != kContainerHeader)
    throw FatbinError("fat binary: container header of " + std::to_string(header) +
                      " bytes, expected 16");
  const uint64_t rest = reader.at<uint64_t>(8);
  if (rest > UINT64_MAX - kContainerHeader)
    throw FatbinError("fat binary: impossible container size");
  return kContainerHeader + rest;
}

FatbinEntry read_entry(const Reader& reader, uint64_t offset, uint64_t header, uint64_t padded) {
  const uint64_t flags = reader.at<uint64_t>(offset + 40);
  const uint32_t packed = reader.at<uint32_t>(offset + 16);
  const uint64_t unpacked = reader.at<uint64_t>(offset + 56);
  FatbinEntry entry{.kind = FatbinEntry::Kind{reader.at<uint16_t>(offset)},
                    .sm = reader.at<int32_t>(offset + 28),
                    .only_this_sm = (flags & kFlagOnlyThisSm) != 0,
                    .compression = flags & kFlagZstd  ? Compression::zstd
                                   : flags & kFlagLz4 ? Compression::lz4
                                                      : Compression::none,
                    .text_size = padded,
                    .payload = reader.slice(offset + header, padded)};
  if (entry.compression == Compression::none) return entry;
  if (packed > padded) throw FatbinError("fat binary: compressed size is larger than the entry");
  if (unpacked > kMaxText) throw FatbinError("fat binary: uncompressed size is over 1 GiB");
  entry.payload = entry.payload.first(packed);
  entry.text_size = unpacked;
  return entry;
}

// What the payload can hold at most, found without unpacking it, so that a damaged size does not
// become an allocation.
uint64_t most_text(const FatbinEntry& entry) {
  constexpr uint64_t kLz4Ratio = 255;
  if (entry.compression == Compression::lz4) return entry.payload.size() * kLz4Ratio;
  const uint64_t said = ZSTD_getFrameContentSize(entry.payload.data(), entry.payload.size());
  if (said == ZSTD_CONTENTSIZE_ERROR) throw FatbinError("fat binary: damaged zstd frame");
  return said == ZSTD_CONTENTSIZE_UNKNOWN ? kMaxText : said;
}

std::string unpack(const FatbinEntry& entry) {
  if (entry.text_size > most_text(entry))
    throw FatbinError("fat binary: too little compressed data for its uncompressed size");
  std::string text(entry.text_size, '\0');
  const char* from = reinterpret_cast<const char*>(entry.payload.data());
  if (entry.compression == Compression::zstd) {
    const size_t got = ZSTD_decompress(text.data(), text.size(), from, entry.payload.size());
    if (ZSTD_isError(got))
      throw FatbinError(std::string("fat binary: zstd: ") + ZSTD_getErrorName(got));
    if (got != text.size()) throw FatbinError("fat binary: zstd frame shorter than its entry says");
    return text;
  }
  const int got = LZ4_decompress_safe(from, text.data(), static_cast<int>(entry.payload.size()),
                                      static_cast<int>(text.size()));
  if (got < 0) throw FatbinError("fat binary: damaged lz4 block");
  if (static_cast<uint64_t>(got) != text.size())
    throw FatbinError("fat binary: lz4 block shorter than its entry says");
  return text;
}

}  // namespace

std::vector<FatbinEntry> read_container(std::span<const std::byte> container) {
  const uint64_t end = container_size(Reader(container));
  const Reader reader(Reader(container).slice(0, end));
  std::vector<FatbinEntry> entries;
  for (uint64_t offset = kContainerHeader; offset < end;) {
    const uint64_t header = reader.at<uint32_t>(offset + 4);
    const uint64_t padded = reader.at<uint64_t>(offset + 8);
    if (header < kEntryHeader)
      throw FatbinError("fat binary: entry header of " + std::to_string(header) +
                        " bytes at offset " + std::to_string(offset));
    reader.slice(offset, header);
    reader.slice(offset + header, padded);
    const auto kind = FatbinEntry::Kind{reader.at<uint16_t>(offset)};
    if (kind == FatbinEntry::Kind::ptx || kind == FatbinEntry::Kind::machine_code)
      entries.push_back(read_entry(reader, offset, header, padded));
    offset += header + padded;
  }
  return entries;
}

std::vector<std::span<const std::byte>> containers_of(const void* wrapper) {
  Wrapper w;
  std::memcpy(&w, wrapper, sizeof(w));
  if (w.magic != kWrapperMagic) throw FatbinError("fat binary: wrong magic number in the wrapper");
  if (w.version != 1 && w.version != 2)
    throw FatbinError("fat binary: wrapper version " + std::to_string(w.version) +
                      ", expected 1 or 2");
  std::vector<std::span<const std::byte>> found;
  const auto add = [&](const void* start) {
    const auto* bytes = static_cast<const std::byte*>(start);
    found.emplace_back(bytes, container_size(Reader({bytes, kContainerHeader})));
  };
  if (w.version == 1 && w.data) add(w.data);
  if (w.version == 2 && w.more)
    for (const void* const* p = w.more; *p; ++p) add(*p);
  return found;
}

std::span<const std::byte> container_at(const void* start) {
  const auto* bytes = static_cast<const std::byte*>(start);
  if (std::memcmp(bytes, &kContainerMagic, sizeof(kContainerMagic)) != 0) return {};
  return {bytes, container_size(Reader({bytes, kContainerHeader}))};
}

bool is_wrapper(const void* start) {
  return std::memcmp(start, &kWrapperMagic, sizeof(kWrapperMagic)) == 0;
}

const FatbinEntry* select_ptx(std::span<const FatbinEntry> entries, int sm) {
  const FatbinEntry* best = nullptr;
  for (const FatbinEntry& entry : entries) {
    if (entry.kind != FatbinEntry::Kind::ptx) continue;
    if (entry.only_this_sm ? entry.sm != sm : entry.sm > sm) continue;
    const auto rank = [](const FatbinEntry& e) { return std::pair(e.sm, e.only_this_sm); };
    if (!best || rank(entry) > rank(*best)) best = &entry;
  }
  return best;
}

std::string ptx_text(const FatbinEntry& entry) {
  std::string text =
      entry.compression == Compression::none
          ? std::string(reinterpret_cast<const char*>(entry.payload.data()), entry.payload.size())
          : unpack(entry);
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

}  // namespace cudart
