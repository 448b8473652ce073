// The fat binary reader: every encoding, the choice of a target, and bytes that are cut off or
// damaged.
#include <cstring>
#include <random>

#include <gtest/gtest.h>
#include <lz4.h>
#include <zstd.h>

#include "reference/cudart/fatbin.h"

namespace {

using cudart::Compression;
using cudart::FatbinEntry;
using cudart::FatbinError;
using Bytes = std::vector<std::byte>;

const std::string kPtx = ".version 9.0\n.target sm_80\n.address_size 64\n" + std::string(500, '\n');

template <class T>
void put(Bytes& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

Bytes packed(const std::string& text, Compression how) {
  Bytes out(text.size() + 64);
  auto* to = reinterpret_cast<char*>(out.data());
  size_t size = text.size();
  if (how == Compression::none) std::memcpy(to, text.data(), size);
  if (how == Compression::zstd) size = ZSTD_compress(to, out.size(), text.data(), text.size(), 1);
  if (how == Compression::lz4)
    size = static_cast<size_t>(LZ4_compress_default(text.data(), to, static_cast<int>(text.size()),
                                                    static_cast<int>(out.size())));
  out.resize(size);
  return out;
}

struct Built {
  uint16_t kind = 1;
  int sm = 80;
  bool only_this_sm = false;
  Compression how = Compression::none;
  std::string text = kPtx;
};

// Written from the format's description, not with the reader's code.
Bytes entry(const Built& b) {
  constexpr size_t header = 80;
  const Bytes payload = packed(b.text, b.how);
  const size_t padded = (payload.size() + 8) / 8 * 8;
  Bytes out(header + padded);
  const bool plain = b.how == Compression::none;
  put<uint16_t>(out, 0, b.kind);
  put<uint16_t>(out, 2, 0x0101);
  put<uint32_t>(out, 4, header);
  put<uint64_t>(out, 8, padded);
  put<uint32_t>(out, 16, plain ? 0 : static_cast<uint32_t>(payload.size()));
  put<int32_t>(out, 28, b.sm);
  const uint64_t packing = b.how == Compression::zstd  ? 0x8000
                           : b.how == Compression::lz4 ? 0x2000
                                                       : 0;
  put<uint64_t>(out, 40, 0x11 | packing | (b.only_this_sm ? 0x100000 : 0));
  put<uint64_t>(out, 56, plain ? 0 : b.text.size());
  std::memcpy(out.data() + header, payload.data(), payload.size());
  return out;
}

Bytes container(const std::vector<Built>& entries) {
  Bytes out(16);
  for (const Built& b : entries) {
    const Bytes e = entry(b);
    out.insert(out.end(), e.begin(), e.end());
  }
  put<uint32_t>(out, 0, 0xBA55ED50);
  put<uint16_t>(out, 4, 1);
  put<uint16_t>(out, 6, 16);
  put<uint64_t>(out, 8, out.size() - 16);
  return out;
}

/// The text of the PTX chosen for `sm`, or "none".
std::string chosen(const std::vector<Built>& entries, int sm) {
  const Bytes bytes = container(entries);
  const auto read = cudart::read_container(bytes);
  const FatbinEntry* best = cudart::select_ptx(read, sm);
  return best ? cudart::ptx_text(*best) : "none";
}

TEST(Fatbin, EveryCompressionGivesTheText) {
  for (const auto how : {Compression::none, Compression::lz4, Compression::zstd}) {
    const Bytes bytes = container({{.how = how}});
    const auto entries = cudart::read_container(bytes);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].compression, how);
    EXPECT_EQ(cudart::ptx_text(entries[0]), kPtx);
  }
}

TEST(Fatbin, TheHighestTargetThatTheDeviceRunsIsChosen) {
  const std::vector<Built> all = {{.kind = 2, .sm = 80, .text = "machine code"},
                                  {.sm = 70, .text = "70"},
                                  {.sm = 80, .text = "80"},
                                  {.sm = 90, .only_this_sm = true, .text = "90a"},
                                  {.sm = 90, .text = "90"}};
  EXPECT_EQ(chosen(all, 75), "70");
  EXPECT_EQ(chosen(all, 80), "80");
  EXPECT_EQ(chosen(all, 89), "80");
  EXPECT_EQ(chosen(all, 90), "90a");
  EXPECT_EQ(chosen(all, 100), "90");
  EXPECT_EQ(chosen(all, 60), "none");
  EXPECT_EQ(chosen({all[0]}, 80), "none");
}

TEST(Fatbin, WrappersOfBothVersionsLeadToTheirContainers) {
  const Bytes a = container({{.text = "a"}}), b = container({{.text = "b"}});
  const void* list[] = {a.data(), b.data(), nullptr};
  struct {
    uint32_t magic;
    int version;
    const void* data;
    const void* const* more;
  } wrapper{0x466243B1, 1, a.data(), nullptr};
  EXPECT_EQ(cudart::containers_of(&wrapper).size(), 1U);
  wrapper = {0x466243B1, 2, nullptr, list};
  const auto found = cudart::containers_of(&wrapper);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].size(), b.size());
  wrapper.version = 3;
  EXPECT_THROW(cudart::containers_of(&wrapper), FatbinError);
  wrapper.magic = 1;
  EXPECT_THROW(cudart::containers_of(&wrapper), FatbinError);
}

// Reads as far as the bytes let it; anything but a FatbinError is a failure of the test.
void read_all(std::span<const std::byte> bytes) {
  try {
    for (const FatbinEntry& e : cudart::read_container(bytes)) cudart::ptx_text(e);
  } catch (const FatbinError&) {
  }
}

TEST(Fatbin, EveryTruncationIsRefused) {
  for (const auto how : {Compression::none, Compression::lz4, Compression::zstd}) {
    const Bytes whole = container({{.how = how}, {.sm = 90, .how = how}});
    for (size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(
          whole.begin(),
          whole.begin() + static_cast<ptrdiff_t>(size));  // its own allocation, for sanitizers
      EXPECT_THROW(cudart::read_container(cut), FatbinError) << size;
    }
  }
}

// The container says that it ends early, and is right: its last entry then reaches past its end.
TEST(Fatbin, AnEntryMayNotReachPastItsContainer) {
  const Bytes one = container({{}}), two = container({{}, {.sm = 90}});
  for (size_t size = 17; size < two.size(); ++size) {
    if (size == one.size()) continue;
    Bytes cut(two.begin(), two.begin() + static_cast<ptrdiff_t>(size));
    put<uint64_t>(cut, 8, size - 16);
    EXPECT_THROW(cudart::read_container(cut), FatbinError) << size;
  }
}

TEST(Fatbin, DamagedBytesNeverCrash) {
  std::mt19937 random(1);
  for (const auto how : {Compression::none, Compression::lz4, Compression::zstd}) {
    const Bytes whole = container({{.how = how}, {.kind = 2}, {.sm = 90, .how = how}});
    for (int i = 0; i < 2000; ++i) {
      Bytes damaged = whole;
      for (int n = 0; n < 3; ++n)
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      read_all(damaged);
    }
  }
  for (int i = 0; i < 1000; ++i) {
    Bytes garbage(random() % 200);
    for (auto& b : garbage) b = static_cast<std::byte>(random());
    if (garbage.size() >= 16) {
      put<uint32_t>(garbage, 0, 0xBA55ED50);
      put<uint16_t>(garbage, 6, 16);
      put<uint64_t>(garbage, 8, garbage.size() - 16);
    }
    read_all(garbage);
  }
}

TEST(Fatbin, SizesThatOverflowAreRefused) {
  Bytes bytes = container({{}});
  put<uint64_t>(bytes, 16 + 8, UINT64_MAX - 8);  // padded payload size
  EXPECT_THROW(cudart::read_container(bytes), FatbinError);
  bytes = container({{}});
  put<uint64_t>(bytes, 8, UINT64_MAX);  // container size
  EXPECT_THROW(cudart::read_container(bytes), FatbinError);
  bytes = container({{.how = Compression::zstd}});
  put<uint64_t>(bytes, 16 + 56, uint64_t{1} << 40);  // uncompressed size
  EXPECT_THROW(cudart::read_container(bytes), FatbinError);
}

}  // namespace
