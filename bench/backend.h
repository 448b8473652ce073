// Backend: whether this process runs on a GPU or on the virtual GPU, found out at run time: the
// binary is the same.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace tconv::bench {

/// No device at all. what() is one line that says what to do.
struct NoDevice : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Access to the virtual GPU's counters, through two functions that only the drop-in libcudart
/// exports.
struct Backend {
  bool is_virtual = false;
  void (*reset_counters)() = nullptr;        ///< null on a GPU
  const char* (*counters_json)() = nullptr;  ///< null on a GPU
  const char* (*last_report)() = nullptr;    ///< of the fault that ended the context; null on a GPU

  std::string_view name() const { return is_virtual ? "ptxvm" : "cuda"; }
};

/// Looks for the drop-in's functions among what is loaded. Touches no device.
Backend find_backend();

/// Throws NoDevice unless there is one to run on.
void require_device(const Backend&);

/// True if the device is beyond use: an error that every further call would return (a fault inside
/// a kernel).
bool device_is_lost();

/// The folder of the libcudart in use: what LD_LIBRARY_PATH has to hold to get the virtual GPU
/// again. Empty if unknown.
std::string cudart_folder();

}  // namespace tconv::bench
