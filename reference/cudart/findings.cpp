#include "reference/cudart/findings.h"

#include <cstdlib>
#include <fstream>
#include <regex>

#include <nlohmann/json.hpp>

#include "reference/cudart/context.h"

namespace cudart {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const ptxvm::Dim3& d) { return {d.x, d.y, d.z}; }

Json json_of(const ptxvm::Party& p) {
  return {{"instruction", p.instruction},
          {"file", p.file},
          {"line", p.line},
          {"block", json_of(p.block)},
          {"thread", json_of(p.thread)}};
}

/// The address and its allocation, which the machine names in one way (Memory::describe).
void add_address(Json& line, const std::string& detail) {
  static const std::regex address(
      "(global|shared|local) (?:load|store|atomic)\\b.* at 0x([0-9a-f]+)"),
      allocation(
          "(\\d+) bytes (into|into freed|after the end of|before) allocation 0x([0-9a-f]+) of "
          "(\\d+) bytes \\((.*)\\)");
  constexpr int kHex = 16;
  std::smatch found;
  if (!std::regex_search(detail, found, address)) return;
  line["space"] = found[1].str();
  line["address"] = std::stoull(found[2], nullptr, kHex);
  if (!std::regex_search(detail, found, allocation)) return;
  const std::string where = found[2];
  const int64_t distance = std::stoll(found[1]), bytes = std::stoll(found[4]);
  const int64_t offset = where == "before"             ? -distance
                         : where == "after the end of" ? bytes + distance
                                                       : distance;
  line["allocation"] = {{"address", std::stoull(found[3], nullptr, kHex)},
                        {"bytes", bytes},
                        {"label", found[5].str()},
                        {"offset", offset},
                        {"freed", where == "into freed"}};
}

void append(const Json& line) {
  const char* path = std::getenv("PTXVM_CHECK_JSON");
  if (!path || !*path) return;
  std::ofstream file(path, std::ios::app);
  file << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  if (!file.flush()) note(std::string("PTXVM_CHECK_JSON=") + path + ": cannot be written");
}

// Programs end without asking us: this runs when the library goes, after their own exit handlers.
[[gnu::destructor]] void at_exit() {
  if (Context::get().has_machine() && Context::get().usable()) report_leaks("at exit");
}

}  // namespace

void report_finding(const ptxvm::Trap& trap) {
  note(trap.what());
  Json line{{"kind", std::string(ptxvm::to_string(trap.kind))}};
  if (trap.finding) {
    line["kernel"] = trap.finding->kernel;
    line["detail"] = trap.finding->detail;
    add_address(line, trap.finding->detail);
    line["party"] = json_of(trap.finding->party);
    if (trap.finding->other) line["other"] = json_of(*trap.finding->other);
  }
  line["report"] = trap.what();
  append(line);
}

void report_leaks(const char* when) {
  const ptxvm::Machine& machine = Context::get().machine();
  if (!machine.config().checks->leak) return;
  for (const ptxvm::Memory::Allocation& a : Context::get().memory().live()) {
    if (a.label.starts_with("variable ")) continue;  // the program's own, gone with its module
    note("leak: " + a.label + " of " + std::to_string(a.size) + " bytes is alive " + when);
    append({{"kind", "leak"}, {"label", a.label}, {"address", a.address}, {"bytes", a.size}});
  }
}

}  // namespace cudart
