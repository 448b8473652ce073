// Registers share frame bytes only where no lane can tell. Random functions are lowered, then
// walked by lanes that each take their own random path, at different paces over one frame, with
// values that name who wrote them: every read must find what that lane last wrote to that register.
// Nothing of the allocator is used to check it.
#include <cstring>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "reference/ptxvm/disassemble.h"
#include "reference/ptxvm/liveness.h"
#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/slots.h"

namespace ptxvm {
namespace {

struct NoSymbols final : SymbolResolver {
  std::optional<uint64_t> address(std::string_view) const override { return std::nullopt; }
};

/// Straight runs of adds, compares and moves between labels, some guarded; branches to any label,
/// some guarded.
std::string random_function(std::mt19937& random, int blocks) {
  const auto pick = [&](int n) { return std::to_string(random() % unsigned(n)); };
  std::string text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k() {.reg .pred %p<6>; .reg "
      ".b32 %r<14>; .reg .b64 %d<10>;\n";
  for (int b = 0; b < blocks; ++b) {
    text += "L" + std::to_string(b) + ":\n";
    for (unsigned n = random() % 6; n > 0; --n) {
      if (random() % 4 == 0) text += (random() % 2 ? "@%p" : "@!%p") + pick(6) + " ";
      switch (random() % 5) {
        case 0:
          text += "add.u64 %d" + pick(10) + ", %d" + pick(10) + ", %d" + pick(10) + ";\n";
          break;
        case 1:
          text += "setp.lt.u32 %p" + pick(6) + "|%p" + pick(6) + ", %r" + pick(14) + ", 3;\n";
          break;
        case 2:
          text += "cvt.u64.u32 %d" + pick(10) + ", %r" + pick(14) + ";\n";
          break;
        case 3:
          text += "mov.b64 {%r" + pick(7) + ", %r" + std::to_string(7 + random() % 7) + "}, %d" +
                  pick(10) + ";\n";
          break;
        default:
          text += "add.u32 %r" + pick(14) + ", %r" + pick(14) + ", %r" + pick(14) + ";\n";
      }
    }
    if (random() % 3)
      text +=
          (random() % 4 ? "@%p" + pick(6) + " " : std::string()) + "bra L" + pick(blocks) + ";\n";
  }
  return text + "ret;\n}\n";
}

/// One thread's walk over the frame.
class Walker {
 public:
  Walker(const Code& code, std::vector<std::byte>& frame, int lane)
      : code_(code), frame_(frame), lane_(lane) {
    for (const BasicBlock& b : code.blocks) entries_.insert({b.first_op, true});
  }
  bool done() const { return done_; }
  void step(std::mt19937& random) {
    if (entries_.contains(uint32_t(pc_))) {
      ++pc_;
      return;
    }
    const Op& op = code_.ops[pc_];
    const ptx::Instruction& in = *code_.instructions[op.instruction];
    bool taken = true;
    if (!in.guard.reg.empty()) {
      check(in.guard.reg, op.guard);
      taken = random() % 2;
    }
    ++pc_;
    if (!taken) return;
    if (in.mnemonic == "ret") {
      done_ = true;
    } else if (in.mnemonic == "bra") {
      pc_ = size_t(op.target - code_.ops.data());
    } else {
      execute(op, in, random);
    }
  }

 private:
  void execute(const Op& op, const ptx::Instruction& in, std::mt19937& random) {
    const uint32_t fields[] = {op.a, op.b};
    for (size_t k = 1; k < in.operands.size(); ++k) {
      if (in.operands[k].kind == ptx::Operand::Kind::reg) check(in.operands[k].text, fields[k - 1]);
    }
    const ptx::Operand& d = in.operands[0];
    if (d.kind == ptx::Operand::Kind::vector) {
      for (size_t k = 0; k < 2; ++k) write(d.elements[k].text, op.more[k], random());
      return;
    }
    write(d.text, op.dst, random());
    if (d.second) write(d.second->text, op.second, random());
  }
  uint64_t read(const std::string& reg, uint32_t offset) const {
    uint64_t value = 0;
    if (reg[1] == 'p') {
      std::memcpy(&value, &frame_.at(offset), 4);
      return value >> lane_ & 1;
    }
    const size_t bytes = reg[1] == 'd' ? 8 : 4;
    std::memcpy(&value, &frame_.at(offset + bytes * size_t(lane_)), bytes);
    return value;
  }
  void check(const std::string& reg, uint32_t offset) const {
    const auto known = last_.find(reg);
    if (known == last_.end()) return;
    ASSERT_EQ(read(reg, offset), known->second)
        << reg << " of lane " << lane_ << " before op " << pc_ << "\n"
        << disassemble(code_);
  }
  void write(const std::string& reg, uint32_t offset, uint64_t value) {
    if (reg[1] == 'p') {
      uint32_t bits;
      std::memcpy(&bits, &frame_.at(offset), 4);
      bits = (bits & ~(1u << lane_)) | uint32_t(value & 1) << lane_;
      std::memcpy(&frame_.at(offset), &bits, 4);
      last_[reg] = value & 1;
      return;
    }
    const size_t bytes = reg[1] == 'd' ? 8 : 4;
    if (bytes == 8) value |= value << 32;
    std::memcpy(&frame_.at(offset + bytes * size_t(lane_)), &value, bytes);
    last_[reg] = bytes == 8 ? value : uint32_t(value);
  }

  const Code& code_;
  std::vector<std::byte>& frame_;
  std::map<uint32_t, bool> entries_;
  std::map<std::string, uint64_t> last_;
  int lane_;
  size_t pc_ = 0;
  bool done_ = false;
};

TEST(Slots, EveryReadFindsTheLastWriteOfItsLane) {
  std::mt19937 random(7);
  uint64_t saved = 0;
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    const auto module = ptx::parse(random_function(random, 2 + int(random() % 12)), "random.ptx");
    const auto program = lower_program(*module, module->functions.front(), NoSymbols());
    const Code& code = program->entry();
    saved += 6 * 4 + 14 * 128 + 10 * 256 > code.frame_bytes - code.template_bytes;
    std::vector<std::byte> frame(code.frame_bytes);
    std::vector<Walker> lanes;
    for (int l : {0, 1, 2, 15, 16, 31}) lanes.emplace_back(code, frame, l);
    for (int step = 0; step < 1500 && !HasFailure(); ++step) {
      Walker& walker = lanes[random() % lanes.size()];
      if (!walker.done()) walker.step(random);
    }
  }
  EXPECT_GT(saved, 50u) << "registers are hardly ever shared";
}

TEST(Liveness, LoopsKeepAValueAliveToTheirEnd) {
  using Kind = RegisterAccess::Kind;
  // 0: define r0, r1   1: use r0 (loop head)   2: define r2   3: use r2, back to 1   4: use r1
  const std::vector<FlowBlock> blocks = {{0, 1, {1}}, {1, 4, {1, 2}}, {4, 5, {}}};
  const auto live = live_intervals(blocks,
                                   {{0, 0, Kind::define},
                                    {0, 1, Kind::define},
                                    {1, 0, Kind::use},
                                    {2, 2, Kind::define},
                                    {3, 2, Kind::use},
                                    {4, 1, Kind::use}},
                                   4);
  EXPECT_EQ(live[0].begin, 1u);
  EXPECT_EQ(live[0].end, 7u) << "to the end of the loop, not to its last use";
  EXPECT_EQ(live[1].end, 8u);
  EXPECT_EQ(live[2].begin, 5u);
  EXPECT_EQ(live[2].end, 6u);
  EXPECT_TRUE(live[3].empty());
}

TEST(Liveness, APartialDefinitionKeepsTheEarlierValue) {
  using Kind = RegisterAccess::Kind;
  const std::vector<FlowBlock> blocks = {{0, 3, {}}};
  const auto whole = live_intervals(blocks, {{1, 0, Kind::define}, {2, 0, Kind::use}}, 1);
  const auto part = live_intervals(blocks, {{1, 0, Kind::define_part}, {2, 0, Kind::use}}, 1);
  EXPECT_EQ(whole[0].begin, 3u);
  EXPECT_EQ(part[0].begin, 0u);
}

TEST(Slots, HolesAreReusedAndMerged) {
  const SlotMap map = assign_slots(
      {{{0, 2}, 128}, {{0, 2}, 128}, {{0, 9}, 128}, {{3, 5}, 256}, {{6, 9}, 128}, {{}, 128}}, 128);
  EXPECT_EQ(map.offsets, (std::vector<uint32_t>{0, 128, 256, 0, 0, UINT32_MAX}));
  EXPECT_EQ(map.bytes, 384u);
}

}  // namespace
}  // namespace ptxvm
