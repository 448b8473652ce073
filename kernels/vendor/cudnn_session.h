// The process's connection to cuDNN: a handle, or the reason why there is none.
#pragma once

#include <memory>
#include <string>

#include <cudnn.h>

namespace tconv::cudnn {

class Session {
 public:
  /// Created on first use and kept; never throws.
  static const Session& get();

  /// Empty if plans can be executed here, else one line for the user.
  const std::string& unavailable() const { return unavailable_; }
  /// Shared, because plans made with it must not outlive it.
  const std::shared_ptr<cudnnContext>& handle() const { return handle_; }
  /// "cuDNN 9.19.0": of the library that is loaded, which need not be the headers'.
  static std::string version();

 private:
  Session();

  std::shared_ptr<cudnnContext> handle_;
  std::string unavailable_;
};

}  // namespace tconv::cudnn
