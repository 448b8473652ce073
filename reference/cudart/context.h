// The one device of this process and the state that every entry shares. Entries hold the context's
// mutex while they use it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "reference/cudart/error.h"
#include "reference/device_profile.h"
#include "reference/ptxvm/vm.h"

namespace cudart {

class Context {
 public:
  /// Never destroyed: programs still call us from their own atexit handlers and static destructors.
  static Context& get();

  std::mutex mutex;

  /// What the device pretends to be: environment PTXVM_DEVICE, else a100-sxm.
  const tconv::DeviceProfile& profile() const { return *profile_; }
  int sm() const { return profile_->sm_major * 10 + profile_->sm_minor; }
  /// Made at its first use, so that loading the library costs nothing.
  ptxvm::Machine& machine();
  ptxvm::Memory& memory() { return machine().memory(); }
  /// PTXVM_MEMORY (bytes, or with K, M, G), else 16 GiB or what the profile has, whichever is less.
  uint64_t memory_bytes() const { return memory_bytes_; }

  /// Fails with what is wrong with the device: a bad PTXVM_ setting, or a fault that ended the
  /// context.
  void require_usable() const;
  bool has_machine() const { return machine_ != nullptr; }
  bool usable() const { return sticky_ == cudaSuccess; }
  /// A fault of a kernel: every later call returns its code. Prints the report.
  void fault(const ptxvm::Trap& trap);
  const std::string& last_report() const { return last_report_; }

  /// Forgets the machine and all that lives in it.
  void reset();

 private:
  Context();
  void read_environment();

  const tconv::DeviceProfile* profile_;
  uint64_t memory_bytes_ = 0;
  ptxvm::Checks checks_;
  cudaError_t sticky_ = cudaSuccess;
  std::string last_report_;
  std::unique_ptr<ptxvm::Machine> machine_;
};

/// While a function of the program runs, others may use the context: it may wait for a thread that
/// does.
class Unlocked {
 public:
  Unlocked() { Context::get().mutex.unlock(); }
  ~Unlocked() { Context::get().mutex.lock(); }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
};

/// Runs an entry's body under the lock. Nothing is thrown across the C ABI: failures become codes
/// and the last error.
template <class Body>
cudaError_t call_anyway(Body&& body) noexcept {
  try {
    const std::lock_guard lock(Context::get().mutex);
    body();
    return cudaSuccess;
  } catch (const Error& e) {
    return remember(e.code);
  } catch (const ptxvm::PtxError& e) {
    note(e.what());
    return remember(cudaErrorNotSupported);
  } catch (const std::bad_alloc&) {
    return remember(cudaErrorMemoryAllocation);
  } catch (const std::exception& e) {
    note(e.what());
    return remember(cudaErrorUnknown);
  }
}

/// The same for entries that a faulted context refuses: nearly all.
template <class Body>
cudaError_t call(Body&& body) noexcept {
  return call_anyway([&] {
    Context::get().require_usable();
    body();
  });
}

}  // namespace cudart
