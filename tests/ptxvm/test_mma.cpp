// mma against a triple loop in double. Elements go to lanes by the tables of PTX ISA 9.0, section
// 9.7.14.5, "Matrix Fragments for mma...": place_a, place_b, place_c say what those say.
#include <cstring>

#include <gtest/gtest.h>

#include "reference/ptxvm/vm.h"
#include "tests/ptxvm/matrix_values.h"

namespace ptxvm::test {
namespace {

struct Place {
  int row, column;
};

/// 9.7.14.5.1: m8n8k4 on f16. Each of the four products has its own eight lanes.
Place volta_a(int lane, int i, bool by_column) {
  const int high = lane < 16 ? 0 : 4;
  return by_column ? Place{i % 4 + high, lane % 4} : Place{lane % 4 + high, i};
}
Place volta_b(int lane, int i, bool by_column) {
  const int high = lane < 16 ? 0 : 4;
  return by_column ? Place{i, lane % 4 + high} : Place{lane % 4, i + high};
}
Place volta_c(int lane, int i, bool half) {
  const int high = lane < 16 ? 0 : 4;
  if (half) return {lane % 4 + high, i};
  return {(lane & 1) + (i & 2) + high, (i & 4) + (lane & 2) + (i & 1)};
}

Place place_a(const MatrixEntry& e, int bits, int lane, int i) {
  const int group = lane >> 2, thread = lane % 4;
  if (bits == 64 || bits == 32) {
    if (e.m == 8) return {group, thread};
    if (e.k == 16)
      return {i % 2 == 0 ? group : group + 8, i % 2 == 0 ? i * 2 + thread : i * 2 - 2 + thread};
    if (e.k == 4) return {i == 0 ? group : group + 8, thread};
    return {i == 0 || i == 2 ? group : group + 8, i < 2 ? thread : thread + 4};
  }
  if (bits == 16) {
    if (e.k == 8) return {i < 2 ? group : group + 8, thread * 2 + (i & 1)};
    return {i < 2 || (i >= 4 && i < 6) ? group : group + 8, thread * 2 + (i & 1) + (i < 4 ? 0 : 8)};
  }
  if (bits == 8) {
    if (e.m == 8) return {group, thread * 4 + i};
    if (e.k == 16) return {i < 4 ? group : group + 8, thread * 4 + (i & 3)};
    return {i < 4 || (i >= 8 && i < 12) ? group : group + 8,
            thread * 4 + (i & 3) + (i < 8 ? 0 : 16)};
  }
  if (bits == 4) {
    if (e.m == 8) return {group, thread * 8 + i};
    if (e.k == 32) return {i < 8 ? group : group + 8, thread * 8 + (i & 7)};
    return {i < 8 || (i >= 16 && i < 24) ? group : group + 8,
            thread * 8 + (i & 7) + (i < 16 ? 0 : 32)};
  }
  if (e.m == 8) return {group, thread * 32 + i};
  if (e.k == 128) return {i < 32 ? group : group + 8, thread * 32 + (i & 31)};
  return {i < 32 || (i >= 64 && i < 96) ? group : group + 8,
          thread * 32 + (i & 31) + (i < 64 ? 0 : 128)};
}

Place place_b(int bits, int lane, int i) {
  const int group = lane >> 2, thread = lane % 4;
  switch (bits) {
    case 64:
    case 32:
      return {thread + i * 4, group};
    case 16:
      return {thread * 2 + (i & 1) + (i < 2 ? 0 : 8), group};
    case 8:
      return {thread * 4 + (i & 3) + (i < 4 ? 0 : 16), group};
    case 4:
      return {thread * 8 + (i & 7) + (i < 8 ? 0 : 32), group};
    default:
      return {thread * 32 + (i & 31) + (i < 32 ? 0 : 128), group};
  }
}

Place place_c(int lane, int i) {
  return {i < 2 ? lane >> 2 : (lane >> 2) + 8, (lane % 4) * 2 + (i & 1)};
}

/// One operand: its matrices (four for Volta's products), and where its fragments' elements lie.
struct Fragment {
  const MatrixType* type;
  int columns, elements;
  std::vector<std::vector<uint64_t>> matrices;
  std::vector<uint64_t> registers;
};

class Product {
 public:
  Product(const MatrixEntry& entry, std::mt19937_64& random)
      : e_(entry), volta_(entry.m == 8 && entry.k == 4 && entry.types[1]->bits == 16) {
    const MatrixType& d = *e_.types[0];
    a_ = fragment(*e_.types[1], e_.m, e_.k, &random);
    b_ = fragment(*e_.types[2], e_.k, e_.n, &random);
    c_ = fragment(*e_.types[3], e_.m, e_.n, &random);
    d_ = fragment(d, e_.m, e_.n, nullptr);
    scatter(a_, [&](int l, int i) {
      return volta_ ? volta_a(l, i, e_.words[4] == "col") : place_a(e_, a_.type->bits, l, i);
    });
    scatter(b_, [&](int l, int i) {
      return volta_ ? volta_b(l, i, e_.words[5] == "col") : place_b(b_.type->bits, l, i);
    });
    scatter(c_, [&](int l, int i) {
      return volta_ ? volta_c(l, i, c_.type->bits == 16) : place_c(l, i);
    });
  }

  void run(Machine& machine, Machine::ModuleId module) {
    uint64_t addresses[4];
    void* args[4];
    Fragment* const all[] = {&a_, &b_, &c_, &d_};
    for (int f = 0; f < 4; ++f) {
      const size_t bytes = all[f]->type->bits == 64 ? 8 : 4, n = all[f]->registers.size();
      addresses[f] = machine.memory().allocate(n * bytes, "fragment");
      for (size_t i = 0; i < n; ++i)
        std::memcpy(machine.memory().host(addresses[f]) + i * bytes, &all[f]->registers[i], bytes);
      args[f] = &addresses[f];
    }
    Launch launch;
    launch.kernel = machine.kernel(module, e_.name);
    ASSERT_NE(launch.kernel, nullptr);
    launch.block = {32};
    launch.args = args;
    const LaunchReport report = machine.run(launch);
    EXPECT_EQ(report.counters.at("ptx__tensor_macs"),
              uint64_t(e_.m) * uint64_t(e_.n) * uint64_t(e_.k) * (volta_ ? 4 : 1));
    const size_t bytes = d_.type->bits == 64 ? 8 : 4;
    for (size_t i = 0; i < d_.registers.size(); ++i) {
      d_.registers[i] = 0;
      std::memcpy(&d_.registers[i], machine.memory().host(addresses[3]) + i * bytes, bytes);
    }
    for (const uint64_t address : addresses) machine.memory().release(address);
  }

  void check() const {
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < d_.elements; ++i) {
        const Place p = volta_ ? volta_c(lane, i, d_.type->bits == 16) : place_c(lane, i);
        const size_t which = volta_ ? size_t(lane % 16 / 4) : 0;
        const uint64_t bits = get_element(d_.registers, *d_.type, lane, i);
        if (!expect(which, p, bits))
          FAIL() << e_.name << " lane " << lane << " element " << i << " (" << p.row << ","
                 << p.column << ")";
      }
  }

 private:
  Fragment fragment(const MatrixType& t, int rows, int columns, std::mt19937_64* random) const {
    Fragment f{&t, columns, volta_ ? rows * columns / 8 : rows * columns / 32, {}, {}};
    for (int copy = 0; copy < (volta_ ? 4 : 1); ++copy) {
      std::vector<uint64_t> values(size_t(rows) * size_t(columns));
      for (uint64_t& v : values) v = random ? random_pattern(t, *random) : 0;
      f.matrices.push_back(values);
    }
    f.registers.assign(size_t(32 * f.elements / (t.bits >= 32 ? 1 : 32 / t.bits)), 0);
    return f;
  }

  void scatter(Fragment& f, auto place) {
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < f.elements; ++i) {
        const Place p = place(lane, i);
        const auto& matrix = f.matrices[volta_ ? size_t(lane % 16 / 4) : 0];
        put_element(f.registers, *f.type, lane, i, matrix.at(size_t(p.row * f.columns + p.column)));
      }
  }

  double element(const Fragment& f, size_t which, int row, int column) const {
    return value_of(*f.type, f.matrices[which][size_t(row * f.columns + column)]);
  }

  bool expect(size_t which, Place p, uint64_t bits) const {
    const double c = element(c_, which, p.row, p.column);
    double sum = c, magnitude = std::abs(c);
    for (int k = 0; k < e_.k; ++k) {
      const double a = element(a_, which, p.row, k), b = element(b_, which, k, p.column);
      const double product = a_.type->bits == 1 && e_.has("xor") ? double(a != b) : a * b;
      sum += product;
      magnitude += std::abs(product);
    }
    const double got = value_of(*d_.type, bits);
    if (d_.type->fraction == 0) {
      if (e_.has("satfinite")) return got == std::min(std::max(sum, -2147483648.0), 2147483647.0);
      return int32_t(uint32_t(bits)) == int32_t(uint32_t(uint64_t(int64_t(sum))));
    }
    // One rounding for each of the k additions, in f32 or f64; an f16 result one more.
    const double step = d_.type->bits == 64 ? 0x1p-52 : 0x1p-24;
    const double allowed = (e_.k + 1) * step * magnitude +
                           (d_.type->bits == 16 ? 0x1p-11 * std::abs(sum) + 0x1p-25 : 0);
    return std::abs(got - sum) <= allowed;
  }

  const MatrixEntry& e_;
  const bool volta_;
  Fragment a_, b_, c_, d_;
};

TEST(Mma, EveryFormAgainstATripleLoop) {
  const std::string ptx = read_text(TCONV_SOURCE_DIR "/tests/ptxvm/ops/mma.ptx");
  Machine machine({.memory_bytes = uint64_t{64} << 20, .sm = 90, .workers = 1});
  const auto module = machine.load(ptx, "mma.ptx");
  const auto entries = matrix_entries(ptx);
  ASSERT_GT(entries.size(), 60u);
  std::mt19937_64 random(1);
  for (const MatrixEntry& entry : entries)
    for (int round = 0; round < 4; ++round) {
      Product product(entry, random);
      product.run(machine, module);
      product.check();
      if (HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace ptxvm::test
