#include "reference/cudart/findings.h"

#include <cstdlib>
#include <fstream>

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

Json json_of(const ptxvm::Neighbour& n, uint64_t address) {
  return {{"address", n.allocation.address},
          {"bytes", n.allocation.size},
          {"label", n.allocation.label},
          {"offset", int64_t(address - n.allocation.address)},
          {"freed", n.freed}};
}

void add_place(Json& line, const ptxvm::Finding& finding) {
  if (!finding.place) return;
  line["space"] = finding.place->space;
  line["address"] = finding.place->address;
  if (finding.neighbour) line["allocation"] = json_of(*finding.neighbour, finding.place->address);
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
    add_place(line, *trap.finding);
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
