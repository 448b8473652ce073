// ops/<mnemonic>.ptx of the families that move data or steer threads: memory, atomic, control,
// barrier. Every entry is run by 64 threads, each of which has `words` 64-bit results in out[],
// zero before, to compare with expected(thread, word). And: every instruction that the machine runs
// has a file.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/ptx.h"
#include "tests/ptxvm/atomic_values.h"
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

constexpr uint32_t kThreads = 64;
constexpr size_t kInputs = 1024, kTickets = 512;  // in[kTickets]: a counter from 0

using Expected = uint64_t (*)(uint32_t t, int word);
struct Case {
  int words;
  Expected expected;
};
const auto kUnchanged = [](uint32_t t, int) { return in(t); };
const auto kMessage = [](uint32_t t, int) -> uint64_t { return t < 32 ? 55 : 1; };

uint64_t ld_widths(uint32_t t, int word) {
  const uint64_t x = in(t);
  switch (word) {
    case 0:
      return x & 0xff;
    case 1:
    case 17:
      return extended<int8_t>(x);
    case 2:
    case 18:
      return h(x, 1);
    case 3:
      return extended<int16_t>(h(x, 1));
    case 4:
      return hi(x);
    case 5:
      return extended<int32_t>(hi(x));
    default:
      return x;
  }
}

uint64_t ld_vectors(uint32_t t, int word) {
  const uint64_t a = in(2 * t), b = in(2 * t + 1);
  const uint64_t all[] = {pack(hi(b), lo(b)),
                          pack(hi(b), lo(a)),
                          lo(b),
                          a - b,
                          hi(a),
                          pack(h(a, 3), h(a, 2), h(a, 1), h(a, 0))};
  return all[word];
}

uint64_t ld_spaces(uint32_t t, int word) {
  const uint64_t all[] = {in(t ^ 1), in(t ^ 1), hi(in(t)), in(t), 11 * (t % 4 + 1), 33, 0};
  return all[word];
}

uint64_t st_widths(uint32_t t, int word) {
  const uint64_t x = in(t);
  if (word == 0 || word == 14) return x & 0xff;
  if (word == 1) return h(x, 0);
  if (word == 2) return lo(x);
  if (word == 12) return pack(hi(x), lo(x));
  if (word == 13) return pack(h(x, 1), h(x, 0), h(x, 1), h(x, 0));
  return word == 15 ? 0xfffffffe : x;
}

uint64_t st_spaces(uint32_t t, int word) {
  const uint64_t x = in(t), hole = x & 0xffffffff0000ffff;
  const uint64_t all[] = {(in(t ^ 32) & 0xff) << 24, hole,
                          (hole & ~(uint64_t{0xff} << 56)) | x << 56, t < 7 ? x : 0, t < 7 ? 0 : x};
  return all[word];
}

uint64_t barrier_block(uint32_t t, int word) {
  const uint64_t all[] = {in(63 - t), 41, 6};  // and: no, or: yes, and of not-and: yes
  return all[word];
}

uint64_t st_async(uint32_t t, int word) {
  const uint64_t a = in(t), b = in(t + 1);
  const uint64_t all[] = {pack(hi(b), lo(b)), pack(hi(a), lo(a)), a, b, a};
  return all[word];
}

const std::map<std::string, Case> kCases = {
    {"st/async", {5, st_async}},
    {"red/async", {9, red_async}},
    {"ld/wide",
     {6, [](uint32_t t, int word) { return in(t + (word == 0 || word == 3 || word == 5)); }}},
    {"st/wide", {4, [](uint32_t t, int word) { return in(t + (word == 0 || word == 3)); }}},
    {"atom/vector_f32", {6, atom_vector_f32}},
    {"atom/vector_add_f16", {8, atom_vector_half<10, '+'>}},
    {"atom/vector_min_f16", {8, atom_vector_half<10, '<'>}},
    {"atom/vector_max_f16", {8, atom_vector_half<10, '>'>}},
    {"atom/vector_add_bf16", {8, atom_vector_half<7, '+'>}},
    {"atom/vector_min_bf16", {8, atom_vector_half<7, '<'>}},
    {"atom/vector_max_bf16", {8, atom_vector_half<7, '>'>}},
    {"atom/wide", {12, atom_wide}},
    {"atom/hinted",
     {2,
      [](uint32_t t, int word) {
        const uint64_t a = lo(in(t)), b = lo(in(t + 1));
        return word ? lo(a + a + b) : a ^ b;
      }}},
    {"red/vector", {6, red_vector}},
    {"alloca/grows",
     {3,
      [](uint32_t t, int word) -> uint64_t {
        return word == 0 ? triangle(t + 1) : word == 1 ? 8 * (t + 1) : 1007;
      }}},
    {"stacksave/saves", {2, [](uint32_t t, int word) -> uint64_t { return word ? 1 : 16 * t; }}},
    {"stackrestore/reuses", {2, [](uint32_t, int) -> uint64_t { return 0; }}},
    {"ld/widths", {19, ld_widths}},
    {"ld/vectors", {6, ld_vectors}},
    {"ld/spaces", {7, ld_spaces}},
    {"ldu/uniform",
     {3,
      [](uint32_t, int word) {
        const uint64_t all[] = {in(5), pack(hi(in(1)), lo(in(1))), pack(lo(in(4)), hi(in(5)))};
        return all[word];
      }}},
    {"st/widths", {16, st_widths}},
    {"st/spaces", {5, st_spaces}},
    {"prefetch/hint", {1, kUnchanged}},
    {"prefetchu/hint", {1, kUnchanged}},
    {"applypriority/hint", {1, kUnchanged}},
    {"discard/hint", {1, [](uint32_t t, int) { return in(t + 32); }}},
    {"createpolicy/hint", {2, kUnchanged}},
    {"pmevent/hint", {1, kUnchanged}},
    {"setmaxnreg/hint", {1, kUnchanged}},
    {"griddepcontrol/hint", {1, kUnchanged}},
    {"red/many", {1, [](uint32_t, int) { return triangle(63); }}},
    {"bra/loops",
     {2, [](uint32_t t, int word) { return word == 0 ? triangle(t)
                                           : t & 4   ? 5
                                                     : 6; }}},
    {"brx/table", {1, [](uint32_t t, int) -> uint64_t { return t % 2   ? 20
                                                               : t % 4 ? 30
                                                                       : 10; }}},
    {"call/direct", {2, [](uint32_t t, int word) { return word == 0 ? triangle(t) : 3 * t; }}},
    {"call/indirect", {1, [](uint32_t t, int) -> uint64_t { return t % 2 ? t * t : 3 * t; }}},
    {"ret/early", {1, [](uint32_t t, int) -> uint64_t { return t > 50  ? 0
                                                               : t % 2 ? t
                                                                       : t / 2; }}},
    {"exit/some", {1, [](uint32_t t, int) -> uint64_t { return t % 2 || t > 40 ? 1 : 2; }}},
    {"trap/passed_by", {1, [](uint32_t, int) -> uint64_t { return 1; }}},
    {"brkpt/passed_by", {1, [](uint32_t, int) -> uint64_t { return 1; }}},
    {"nanosleep/waits", {1, [](uint32_t t, int) -> uint64_t { return t < 32 ? 9 : 1; }}},
    {"bar/block", {3, barrier_block}},
    {"bar/named", {1, [](uint32_t t, int) -> uint64_t { return t < 32 ? 1 : 33; }}},
    {"bar/warp", {1, [](uint32_t t, int) { return in(t ^ 1); }}},
    {"barrier/block", {3, barrier_block}},
    {"barrier/named", {1, [](uint32_t t, int) -> uint64_t { return t < 32 ? 1 : 33; }}},
    {"barrier/apart", {1, [](uint32_t, int) -> uint64_t { return 21; }}},
    {"barrier/aligned", {1, [](uint32_t, int) -> uint64_t { return 4; }}},
    {"membar/cta", {1, kMessage}},
    {"membar/gl", {1, kMessage}},
    {"membar/sys", {1, kMessage}},
    {"fence/sc_cta", {1, kMessage}},
    {"fence/sc_gpu", {1, kMessage}},
    {"fence/sc_sys", {1, kMessage}},
    {"fence/acq_rel_cta", {1, kMessage}},
    {"fence/acq_rel_gpu", {1, kMessage}},
    {"fence/acq_rel_sys", {1, kMessage}},
    {"fence/proxy", {1, kMessage}},
};

std::string read_op_file(const std::string& mnemonic) {
  std::ifstream file(std::string(TCONV_SOURCE_DIR) + "/tests/ptxvm/ops/" + mnemonic + ".ptx");
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Fixture {
  explicit Fixture(const std::string& mnemonic)
      : machine({.memory_bytes = uint64_t{1} << 30, .sm = 90, .workers = 1}),
        module(machine.load(read_op_file(mnemonic), mnemonic + ".ptx")) {}

  uint64_t allocate(size_t words) {
    const uint64_t address = machine.memory().allocate(words * 8, "buffer");
    std::fill_n(reinterpret_cast<uint64_t*>(machine.memory().host(address)), words, uint64_t{0});
    return address;
  }
  /// out[thread][word], by thread.
  std::vector<uint64_t> run(const std::string& entry, int words) {
    uint64_t input = allocate(kInputs), out = allocate(kThreads * size_t(words));
    auto* values = reinterpret_cast<uint64_t*>(machine.memory().host(input));
    for (size_t i = 0; i < kInputs; ++i) values[i] = i == kTickets ? 0 : in(i);
    void* args[] = {&out, &input};
    Launch launch;
    launch.kernel = machine.kernel(module, entry);
    launch.block = {kThreads};
    launch.args = args;
    machine.run(launch);
    const auto* results = reinterpret_cast<const uint64_t*>(machine.memory().host(out));
    return {results, results + kThreads * size_t(words)};
  }
  Machine machine;
  Machine::ModuleId module;
};

void expect_atomic(Fixture& fixture, const std::string& name, bool returns) {
  const int words = returns ? 2 : 1;
  const std::vector<uint64_t> out = fixture.run(name, words);
  for (uint32_t t = 0; t < kThreads; ++t) {
    const Word word = atomic_word(name, t);
    ASSERT_EQ(out[t * size_t(words)], word.after) << name << " thread " << t;
    if (!returns) continue;
    ASSERT_EQ(out[t * 2 + 1], word.before) << name << " thread " << t;
  }
}

void expect_tickets(Fixture& fixture) {
  std::vector<uint64_t> out = fixture.run("many", 1);
  std::sort(out.begin(), out.end());
  for (uint64_t t = 0; t < kThreads; ++t) ASSERT_EQ(out[t], t);
}

void expect_stop(Fixture& fixture) {
  try {
    fixture.run("stops", 1);
    FAIL() << "the kernel ran to its end";
  } catch (const Trap& trap) {
    EXPECT_EQ(trap.kind, TrapKind::trap) << trap.what();
  }
}

class OpFiles : public testing::TestWithParam<std::string> {};

TEST_P(OpFiles, EveryEntryGivesWhatTheIsaSays) {
  const std::string mnemonic = GetParam();
  Fixture fixture(mnemonic);
  const bool atomic = mnemonic == "atom" || mnemonic == "red";
  const auto parsed = ptx::parse(read_op_file(mnemonic), mnemonic);
  for (const ptx::Function& f : parsed->functions) {
    if (!f.is_entry) continue;
    SCOPED_TRACE(f.name);
    const auto found = kCases.find(mnemonic + "/" + f.name);
    if (f.name == "stops") {
      expect_stop(fixture);
    } else if (mnemonic == "atom" && f.name == "many") {
      expect_tickets(fixture);
    } else if (found != kCases.end()) {
      const Case& c = found->second;
      const std::vector<uint64_t> out = fixture.run(f.name, c.words);
      for (uint32_t t = 0; t < kThreads; ++t)
        for (int word = 0; word < c.words; ++word)
          ASSERT_EQ(out[t * size_t(c.words) + size_t(word)], c.expected(t, word))
              << "thread " << t << " word " << word;
    } else if (atomic) {
      expect_atomic(fixture, f.name, mnemonic == "atom");
    } else {
      ADD_FAILURE() << "nothing is expected of it";
    }
  }
}

std::vector<std::string> mnemonics() {
  std::vector<std::string> names = {"atom", "red"};
  for (const auto& [key, value] : kCases) names.push_back(key.substr(0, key.find('/')));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, OpFiles, testing::ValuesIn(mnemonics()),
                         [](const auto& name) { return name.param; });

TEST(OpTable, EveryInstructionThatTheMachineRunsHasAFileThatUsesIt) {
  size_t rows = 0;
  for (const Opcode& row : std::span(isa().opcodes, isa().count)) {
    if (!row.selector) continue;
    ++rows;
    const std::string text = read_op_file(row.mnemonic);
    ASSERT_FALSE(text.empty()) << "tests/ptxvm/ops/" << row.mnemonic << ".ptx is missing";
    bool used = false;
    const auto parsed = ptx::parse(text, row.mnemonic);
    for (const ptx::Function& f : parsed->functions)
      for (const ptx::Statement& s : f.body) used = used || s.instruction.mnemonic == row.mnemonic;
    EXPECT_TRUE(used) << row.mnemonic << ".ptx has no " << row.mnemonic;
  }
  EXPECT_GT(rows, 90u);
}

}  // namespace
}  // namespace ptxvm::test
