// PTXVM_CHECK and PTXVM_CHECK_ACTION.
#include <cstdlib>

#include "reference/ptxvm/vm.h"

namespace ptxvm {

Checks checks_from_environment() {
  Checks checks;
  const auto set = [&](std::string_view word) {
    const bool all = word == "all";
    checks.init |= all || word == "init";
    checks.race |= all || word == "race";
    checks.sync |= all || word == "sync";
    checks.leak |= all || word == "leak";
    return all || word == "mem" || word == "init" || word == "race" || word == "sync" ||
           word == "leak";
  };
  const char* words = std::getenv("PTXVM_CHECK");
  for (std::string_view rest = words ? words : ""; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    if (!set(word))
      throw std::runtime_error("PTXVM_CHECK=" + std::string(words) + ": '" + std::string(word) +
                               "' is none of mem, init, race, sync, leak, all");
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  const char* text = std::getenv("PTXVM_CHECK_ACTION");
  const std::string_view action = text ? text : "";
  if (!action.empty() && action != "trap" && action != "report")
    throw std::runtime_error("PTXVM_CHECK_ACTION=" + std::string(action) +
                             ": must be trap or report");
  checks.only_report = action == "report";
  return checks;
}

}  // namespace ptxvm
