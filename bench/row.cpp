#include "bench/row.h"

#include <array>

namespace tconv::bench {

std::string Row::op_text() const {
  std::string text{to_string(strategy->op)};
  if (config.epilogue != Epilogue::none) {
    text += '+';
    text += to_string(config.epilogue);
  }
  return text;
}

std::string Row::name() const {
  std::string text = op_text();
  text += '/';
  text += strategy->name;
  text += '/';
  text += to_string(config.dtype);
  text += '/';
  text += to_string(config.layout);
  text += '/';
  return text + problem.label();
}

std::string_view to_string(Status status) {
  static constexpr std::array<std::string_view, 5> kWords{"PASSED", "FAILED", "MISTRUSTED",
                                                          "SKIPPED", "ERROR"};
  return kWords[static_cast<size_t>(status)];
}

}  // namespace tconv::bench
