// st.async and red.async between the blocks of a cluster. tests/ptxvm/test_op_files.cpp has each
// type; here is where the bytes go, and when.
#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

// Every block stores to the next one of its cluster.
TEST(AsyncStore, GoesToTheNextBlock) {
  FileRunner run("st.ptx");
  auto* out = reinterpret_cast<uint64_t*>(run.buffer(2 * 256 * 5));
  auto* in = reinterpret_cast<uint64_t*>(run.buffer(2 * 257));
  for (uint64_t i = 0; i < 257; ++i) in[i] = i << 32 | (1000 + i);
  run.run("async", 64, {4}, {4});
  for (uint32_t block = 0; block < 4; ++block)
    for (uint32_t t = 0; t < 64; ++t) {
      const uint64_t from = (block + 3) % 4 * 64 + t;
      const uint64_t* seen = out + (block * 64 + t) * 5;
      EXPECT_EQ(seen[0], (1001 + from) << 32 | (from + 1)) << block << " " << t;
      EXPECT_EQ(seen[1], (1000 + from) << 32 | from) << block << " " << t;
      EXPECT_EQ(seen[2], in[from]);
      EXPECT_EQ(seen[3], in[from + 1]);
      EXPECT_EQ(seen[4], in[from]);
    }
}

TEST(AsyncStore, ReducesInTheNextBlock) {
  FileRunner run("red.ptx");
  auto* out = reinterpret_cast<uint64_t*>(run.buffer(2 * 128 * 9));
  auto* in = reinterpret_cast<uint64_t*>(run.buffer(2 * 129));
  for (uint64_t i = 0; i < 129; ++i) in[i] = i * i << 20 | i;
  run.run("async", 64, {2}, {2});
  for (uint32_t i = 0; i < 128; ++i) {
    const uint32_t from = (i + 64) % 128;
    const uint64_t sum = in[i] + in[from + 1] + in[(from ^ 1) + 1];
    EXPECT_EQ(out[i * 9], sum & 0xffffffff) << i;
    EXPECT_EQ(out[i * 9 + 8], sum) << i;
    EXPECT_EQ(out[i * 9 + 4], (in[i] ^ in[from + 1] ^ in[(from ^ 1) + 1]) & 0xffffffff) << i;
  }
}

}  // namespace
}  // namespace ptxvm::test
