#include "reference/cudart/profile.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <tuple>

#include <nlohmann/json.hpp>

#include "reference/cudart/context.h"
#include "reference/cudart/counters.h"

namespace cudart {
namespace {

using LineKey = std::tuple<std::string, std::string, uint32_t, std::string>;  // as in the file

struct Line {
  std::string source;
  uint32_t source_line = 0;
  ptxvm::Counters counters;
};
struct KernelProfile {
  uint64_t launches = 0;
  ptxvm::Counters counters;
  std::map<LineKey, Line> lines;
};

std::map<std::string, KernelProfile>& kernels() {
  static auto& all = *new std::map<std::string, KernelProfile>;  // used at the program's end
  return all;
}

void add(ptxvm::Counters& to, const ptxvm::Counters& from) {
  for (const auto& [name, value] : from)
    if (!name.starts_with("launch__")) to[name] += value;  // sizes of one launch do not add up
}

void write_profile() {
  std::ofstream file(profile_file());
  file << profile_json() << "\n";
  file.close();
  if (!file) note("PTXVM_PROFILE=" + profile_file() + ": cannot write");
}

nlohmann::json lines_json(const KernelProfile& kernel) {
  nlohmann::json lines = nlohmann::json::array();
  for (const auto& [key, line] : kernel.lines) {
    const auto& [function, module, ptx_line, instruction] = key;
    nlohmann::json entry{{"function", function},     {"module", module},
                         {"ptx_line", ptx_line},     {"instruction", instruction},
                         {"source", nullptr},        {"source_line", nullptr},
                         {"counters", line.counters}};
    if (!line.source.empty())
      entry["source"] = line.source, entry["source_line"] = line.source_line;
    lines.push_back(std::move(entry));
  }
  return lines;
}

}  // namespace

const std::string& profile_file() {
  static const std::string& file = *new std::string([] {
    const char* name = std::getenv("PTXVM_PROFILE");
    return name ? name : "";
  }());
  return file;
}

void add_to_profile(const ptxvm::LaunchReport& report) {
  if (profile_file().empty()) return;
  if (kernels().empty()) std::atexit(write_profile);
  KernelProfile& kernel = kernels()[report.kernel];
  ++kernel.launches;
  add(kernel.counters, report.counters);
  for (const ptxvm::LaunchReport::Line& line : report.lines) {
    Line& sum = kernel.lines[{line.function, line.module, line.ptx_line, line.instruction}];
    sum.source = line.source;
    sum.source_line = line.source_line;
    add(sum.counters, line.counters);
  }
}

std::string profile_json() {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, kernel] : kernels())
    list.push_back({{"kernel", name},
                    {"demangled", demangled(name)},
                    {"launches", kernel.launches},
                    {"counters", kernel.counters},
                    {"lines", lines_json(kernel)}});
  return nlohmann::json{{"schema", "ptxvm-profile/1"},
                        {"device", std::string(Context::get().profile().name)},
                        {"kernels", list}}
      .dump(1);
}

}  // namespace cudart
