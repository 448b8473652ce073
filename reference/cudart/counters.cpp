#include "reference/cudart/counters.h"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "reference/cudart/profile.h"

namespace cudart {
namespace {

struct Kept {
  bool wanted = false;
  std::vector<ptxvm::LaunchReport> launches;
};

Kept& kept() {
  static auto& state = *new Kept;  // used by the program's exit handlers
  return state;
}

nlohmann::json triple(const ptxvm::Dim3& d) { return {d.x, d.y, d.z}; }

}  // namespace

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

void reset_counters() {
  kept().wanted = true;
  kept().launches.clear();
}

void keep_counters(ptxvm::LaunchReport report) {
  add_to_profile(report);
  if (kept().wanted) kept().launches.push_back(std::move(report));
}

std::string counters_json() {
  nlohmann::json launches = nlohmann::json::array();
  for (const ptxvm::LaunchReport& r : kept().launches)
    launches.push_back({{"kernel", r.kernel},
                        {"demangled", demangled(r.kernel)},
                        {"grid", triple(r.grid)},
                        {"block", triple(r.block)},
                        {"dynamic_shared", r.dynamic_shared},
                        {"static_shared", r.static_shared},
                        {"counters", nlohmann::json(r.counters)}});
  return nlohmann::json{{"launches", launches}}.dump();
}

}  // namespace cudart
