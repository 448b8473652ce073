#include "reference/ptxvm/mbarrier.h"

#include <cstring>
#include <string>

namespace ptxvm {
namespace {

constexpr int kExpectedAt = 20, kTransactionsAt = 40, kPhaseAt = 61;
constexpr uint64_t kInitialised = uint64_t{1} << 63;
constexpr int32_t kMaxTransactions = (1 << 20) - 1;

[[noreturn]] void misuse(Warp& warp, const Op* op, int lane, const std::string& what) {
  raise(warp, op, TrapKind::barrier_misuse, lane, what.c_str());
}

Mbarrier load(Warp& warp, const Op* op, int lane, const std::byte* at) {
  uint64_t word;
  std::memcpy(&word, at, 8);
  if (!(word & kInitialised)) misuse(warp, op, lane, "there is no initialised mbarrier object");
  return Mbarrier::read(word);
}
void store(std::byte* at, const Mbarrier& object) {
  const uint64_t word = object.word();
  std::memcpy(at, &word, 8);
}

bool complete_phase(Mbarrier& object) {
  if (object.pending || object.transactions) return false;
  object.pending = object.expected;
  object.phase = (object.phase + 1) & 3;
  return true;
}

void add_transactions(Warp& warp, const Op* op, int lane, Mbarrier& object, int64_t count) {
  const int64_t sum = object.transactions + count;
  if (sum > kMaxTransactions || sum < -kMaxTransactions)
    misuse(
        warp, op, lane,
        "the mbarrier's transaction count becomes " + std::to_string(sum) + ", more than 20 bits");
  object.transactions = int32_t(sum);
}

}  // namespace

Mbarrier Mbarrier::read(uint64_t word) {
  Mbarrier object;
  object.pending = uint32_t(word) & kMaxCount;
  object.expected = uint32_t(word >> kExpectedAt) & kMaxCount;
  object.transactions = int32_t(uint32_t(word >> kTransactionsAt) << 11) >> 11;
  object.phase = uint32_t(word >> kPhaseAt) & 3;
  return object;
}

uint64_t Mbarrier::word() const {
  return kInitialised | uint64_t{phase} << kPhaseAt |
         (uint64_t(transactions) & 0x1fffff) << kTransactionsAt |
         uint64_t{expected} << kExpectedAt | pending;
}

void mbarrier_init(Warp& warp, const Op* op, int lane, std::byte* at, uint32_t count) {
  if (count == 0 || count > Mbarrier::kMaxCount)
    misuse(warp, op, lane,
           "an mbarrier for " + std::to_string(count) + " arrivals: 1 to 1048575 are allowed");
  Mbarrier object;
  object.pending = object.expected = count;
  store(at, object);
}

void mbarrier_invalidate(Warp& warp, const Op* op, int lane, std::byte* at) {
  load(warp, op, lane, at);
  std::memset(at, 0, 8);
}

uint64_t mbarrier_arrive(Warp& warp, const Op* op, int lane, std::byte* at,
                         const Arrival& arrival) {
  Mbarrier object = load(warp, op, lane, at);
  const uint64_t before = object.word();
  add_transactions(warp, op, lane, object, arrival.transactions);
  if (arrival.count == 0 || arrival.count > object.pending)
    misuse(warp, op, lane,
           std::to_string(arrival.count) + " arrivals at an mbarrier that awaits " +
               std::to_string(object.pending));
  object.pending -= arrival.count;
  if (arrival.drops) object.expected -= arrival.count;
  if (complete_phase(object) && arrival.must_not_complete)
    misuse(warp, op, lane, "an arrival with .noComplete completes the phase");
  store(at, object);
  return before;
}

void mbarrier_transact(Warp& warp, const Op* op, int lane, std::byte* at, int64_t expected) {
  Mbarrier object = load(warp, op, lane, at);
  add_transactions(warp, op, lane, object, expected);
  if (expected < 0) complete_phase(object);
  store(at, object);
}

bool mbarrier_passed(Warp& warp, const Op* op, int lane, const std::byte* at, uint64_t state) {
  return load(warp, op, lane, at).phase != Mbarrier::read(state).phase;
}
bool mbarrier_passed_parity(Warp& warp, const Op* op, int lane, const std::byte* at,
                            uint32_t parity) {
  return (load(warp, op, lane, at).phase & 1) != (parity & 1);
}

void mbarrier_await_one_more(Warp& warp, const Op* op, int lane, std::byte* at) {
  Mbarrier object = load(warp, op, lane, at);
  if (object.pending == Mbarrier::kMaxCount)
    misuse(warp, op, lane, "the mbarrier awaits as many arrivals as it can count");
  ++object.pending;
  store(at, object);
}

}  // namespace ptxvm
