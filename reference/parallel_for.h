// Independent work items over all hardware threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace tconv {

/// Calls body(i) for every i in [0, n), from several threads. `body` must not throw and must write
/// only what belongs to i.
template <class Body>
void parallel_for(int64_t n, const Body& body) {
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    for (int64_t i = next++; i < n; i = next++) body(i);
  };
  const int64_t threads =
      std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, n < 1 ? 1 : n);
  std::vector<std::jthread> helpers;
  for (int64_t t = 1; t < threads; ++t) helpers.emplace_back(work);
  work();
}

}  // namespace tconv
