// mma.sp against a triple loop in double, by the tables of PTX ISA 9.0, section 9.7.14.6: of each
// four columns of A two are there (tf32: one of two; 4 bits: two pairs of four), which ones say
// threads that the selector names.
#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

class Product {
 public:
  Product(const MatrixEntry& entry, std::mt19937_64& random)
      : e_(entry),
        run_("mma.sp.ptx"),
        a_(size_t(16 * e_.k)),
        b_(size_t(8 * e_.k)),
        c_(128),
        metadata_(32),
        bits_(type(1).bits) {
    for (const std::string& word : e_.words)
      if (word.size() == 2 && word[0] == 's' && word[1] < '4') selector_ = word[1] - '0';
    for (uint32_t& word : metadata_) word = uint32_t(random());  // of threads that do not count
    const int chunk = bits_ == 32 ? 2 : bits_ == 4 ? 8 : 4;
    threads_ = e_.k / chunk / 4;
    for (int row = 0; row < 16; ++row)
      for (int at = 0; at < e_.k; at += chunk) fill_chunk(row, at, chunk, random);
    for (int i = 0; i < e_.k * 8; ++i) {
      const uint64_t pattern = random_pattern(type(2), random);
      const int k = i / 8, n = i % 8, per = 32 / bits_;
      b_[size_t(i)] = value_of(type(2), pattern);
      put(b_registers_, type(2), n * 4 + k / per % 4, k / (4 * per) * per + k % per, pattern);
    }
    for (int i = 0; i < 128; ++i) {
      const uint64_t pattern = random_pattern(type(3), random);
      c_[size_t(i)] = value_of(type(3), pattern);
      put(c_registers_, type(3), i / 8 % 8 * 4 + i % 8 / 2, i / 64 * 2 + i % 2, pattern);
    }
  }

  void check() {
    buffer(a_registers_), buffer(b_registers_), buffer(c_registers_);
    const uint32_t* d = run_.buffer(4 * 32);
    std::copy(metadata_.begin(), metadata_.end(), run_.buffer(32));
    const LaunchReport report = run_.run(e_.name, 32);
    EXPECT_EQ(report.counters.at("ptx__tensor_macs"), uint64_t(16 * 8 * e_.k / 2));
    const std::vector<uint64_t> registers(d, d + 4 * 32);
    for (int i = 0; i < 128; ++i) {
      const uint64_t bits =
          get_element(registers, type(0), i / 8 % 8 * 4 + i % 8 / 2, i / 64 * 2 + i % 2);
      ASSERT_TRUE(is_close(i / 8, i % 8, bits)) << e_.name << " (" << i / 8 << "," << i % 8 << ")";
    }
  }

 private:
  const MatrixType& type(int n) const { return *e_.types[size_t(n)]; }

  void put(std::vector<uint64_t>& registers, const MatrixType& t, int lane, int i, uint64_t bits) {
    registers.resize(std::max(registers.size(), size_t(32 * (i * t.bits / 32 + 1))));
    put_element(registers, t, lane, i, bits);
  }

  /// Columns at..at + chunk of a row of A: their numbers, and where they and their metadata go.
  void fill_chunk(int row, int at, int chunk, std::mt19937_64& random) {
    uint32_t first = uint32_t(random() % 3), second = first + 1 + uint32_t(random() % (3 - first));
    if (!e_.has("o") && random() % 2) std::swap(first, second);
    uint32_t nibble = first | second << 2;
    const int kept = chunk / 2, group = kept == 4 ? 2 : 1;
    for (int j = 0; j < kept; ++j) {
      int column = int(j / group ? second : first) * group + j % group;
      if (chunk == 2) column = int(first) % 2, nibble = column ? 0b1110 : 0b0100;
      const uint64_t pattern = random_pattern(type(1), random);
      a_[size_t(row * e_.k + at + column)] = value_of(type(1), pattern);
      const int per = 32 / bits_, packed = at / 2 + j;
      put(a_registers_, type(1), row % 8 * 4 + packed / per % 4,
          (row / 8 + packed / (4 * per) * 2) * per + packed % per, pattern);
    }
    const int number = at / chunk;
    int thread = selector_ * threads_, place = number % 8;
    if (bits_ >= 16)
      thread += number / 4, place = number % 4 + row / 8 * 4;
    else
      thread += number / 8 * 2 + row / 8;
    uint32_t& word = metadata_[size_t(row % 8 * 4 + thread)];
    word = (word & ~(15u << 4 * place)) | nibble << 4 * place;
  }

  void buffer(const std::vector<uint64_t>& registers) {
    std::copy(registers.begin(), registers.end(), run_.buffer(registers.size()));
  }

  bool is_close(int row, int column, uint64_t bits) const {
    double sum = c_[size_t(row * 8 + column)], magnitude = std::abs(sum);
    for (int k = 0; k < e_.k; ++k) {
      const double product = a_[size_t(row * e_.k + k)] * b_[size_t(k * 8 + column)];
      sum += product;
      magnitude += std::abs(product);
    }
    const double got = value_of(type(0), bits);
    if (type(0).fraction == 0) {
      if (e_.has("satfinite")) return got == std::clamp(sum, -0x1p31, 0x1p31 - 1);
      return int32_t(uint32_t(bits)) == int32_t(uint32_t(uint64_t(int64_t(sum))));
    }
    return std::abs(got - sum) <= e_.k * 0x1p-24 * magnitude +
                                      (type(0).bits == 16 ? 0x1p-11 * std::abs(sum) + 0x1p-25 : 0);
  }

  const MatrixEntry& e_;
  FileRunner run_;
  std::vector<double> a_, b_, c_;
  std::vector<uint64_t> a_registers_, b_registers_, c_registers_;
  std::vector<uint32_t> metadata_;
  const int bits_;
  int selector_ = 0, threads_ = 0;
};

std::vector<MatrixEntry> entries() {
  return matrix_entries(read_text(TCONV_SOURCE_DIR "/tests/ptxvm/ops/mma.sp.ptx"));
}

TEST(MmaSparse, EveryFormAgainstATripleLoop) {
  const auto all = entries();
  ASSERT_GT(all.size(), 20u);
  std::mt19937_64 random(3);
  for (const MatrixEntry& entry : all)
    for (int round = 0; round < 2; ++round) Product(entry, random).check();
}

// 0b1010 names a column twice; with ::ordered_metadata the first must be below the second.
TEST(MmaSparse, MetadataThatNamesNoTwoColumns) {
  for (const MatrixEntry& entry : entries()) {
    const bool ordered = entry.name == "mma_m16n8k32_f16_f16_f16_f16_s1_o";
    if (!ordered && entry.name != "mma_m16n8k32_f32_f16_f16_f32_s0") continue;
    FileRunner run("mma.sp.ptx");
    for (int i = 0; i < 4; ++i) run.buffer(128);
    uint32_t* metadata = run.buffer(32);
    std::fill_n(metadata, 32, 0x44444444);  // columns 0 and 1
    run.run(entry.name, 32);
    metadata[ordered ? 30 : 29] = ordered ? 0x44444144 : 0x44444a44;
    run.expect_trap(entry.name, 32, TrapKind::illegal_instruction, "metadata");
  }
}

}  // namespace
}  // namespace ptxvm::test
