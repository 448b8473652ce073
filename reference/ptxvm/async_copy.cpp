#include "reference/ptxvm/async_copy.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "reference/ptxvm/check/state.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/mbarrier.h"

namespace ptxvm {
namespace {

template <class F>
void each(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(std::countr_zero(mask)));
}

}  // namespace

void AsyncCopies::reset(size_t warps) {
  queues_.resize(warps);
  for (Queue& queue : queues_) {
    std::fill(std::begin(queue.committed), std::end(queue.committed), 0u);
    queue.free.insert(queue.free.end(), queue.pending.begin(), queue.pending.end());
    queue.pending.clear();
  }
}

AsyncCopy& AsyncCopies::fresh(Queue& queue) {
  if (queue.free.empty()) {
    all_.push_back(std::make_unique<AsyncCopy>());
    queue.free.push_back(all_.back().get());
  }
  return *queue.free.back();
}

AsyncCopy& AsyncCopies::next(const Warp& warp) { return fresh(queues_[warp.index]); }

void AsyncCopies::begin(const Warp& warp) {
  Queue& queue = queues_[warp.index];
  AsyncCopy* copy = queue.free.back();
  // Lanes that have committed another number of groups get a copy of their own.
  for (uint32_t rest = warp.mask;;) {
    queue.free.pop_back();
    copy->group = queue.committed[std::countr_zero(rest)];
    copy->mask = 0;
    each(rest, [&](uint32_t lane) {
      copy->mask |= uint32_t(queue.committed[lane] == copy->group) << lane;
    });
    queue.pending.push_back(copy);
    rest &= ~copy->mask;
    if (!rest) return;
    AsyncCopy& other = fresh(queue);
    other = *copy;
    copy = &other;
  }
}

void AsyncCopies::commit(const Warp& warp) {
  each(warp.mask, [&](uint32_t lane) { ++queues_[warp.index].committed[lane]; });
}

void AsyncCopies::perform(Warp& warp, const Op* op, AsyncCopy& copy, uint32_t lanes) {
  std::byte* const shared = warp.cta->shared;
  copy.mask &= ~lanes;
  each(lanes, [&](uint32_t lane) {
    std::byte* at = shared + copy.to[lane];
    if (warp.cta->checks) warp.cta->checks->arrived(copy.to[lane], copy.bytes);
    if (copy.bytes == 16)
      std::memcpy(at, copy.data[lane], 16);
    else if (copy.bytes)
      std::memcpy(at, copy.data[lane], copy.bytes);
    else
      mbarrier_arrive(warp, op, int(lane), at, {});
  });
}

void AsyncCopies::forget_done(Queue& queue) {
  const auto done = std::stable_partition(queue.pending.begin(), queue.pending.end(),
                                          [](const AsyncCopy* c) { return c->mask != 0; });
  queue.free.insert(queue.free.end(), done, queue.pending.end());
  queue.pending.erase(done, queue.pending.end());
}

void AsyncCopies::wait(Warp& warp, const Op* op, uint32_t keep) {
  Queue& queue = queues_[warp.index];
  if (queue.pending.empty()) return;
  uint32_t busy = 0;  // lanes with an earlier copy that is still pending
  for (AsyncCopy* copy : queue.pending) {
    uint32_t due = 0;
    each(copy->mask & warp.mask & ~busy, [&](uint32_t lane) {
      const bool is_due = copy->bytes == 0 || copy->group + keep < queue.committed[lane];
      due |= uint32_t(is_due) << lane;
    });
    perform(warp, op, *copy, due);
    busy |= copy->mask;
  }
  forget_done(queue);
}

void AsyncCopies::arrive_when_done(Warp& warp, const Op* op, const uint32_t* to) {
  Queue& queue = queues_[warp.index];
  uint32_t busy = 0;
  for (const AsyncCopy* copy : queue.pending) busy |= copy->mask;
  AsyncCopy& arrival = fresh(queue);
  std::copy_n(to, kLanes, arrival.to);
  arrival.bytes = 0;
  arrival.mask = warp.mask & ~busy;
  perform(warp, op, arrival, arrival.mask);
  if (!(warp.mask & busy)) return;
  arrival.mask = warp.mask & busy;
  queue.free.pop_back();
  queue.pending.push_back(&arrival);
}

void AsyncCopies::settle(Warp& warp, const Op* op, uint32_t offset) {
  for (Queue& queue : queues_) {
    bool found = false;
    for (size_t i = 0; i < queue.pending.size(); ++i) {
      AsyncCopy& arrival = *queue.pending[i];
      if (arrival.bytes) continue;
      uint32_t here = 0;
      each(arrival.mask,
           [&](uint32_t lane) { here |= uint32_t(arrival.to[lane] == offset) << lane; });
      for (size_t k = 0; here && k <= i; ++k)
        perform(warp, op, *queue.pending[k], queue.pending[k]->mask & here);
      found |= here != 0;
    }
    if (found) forget_done(queue);
  }
}

}  // namespace ptxvm
