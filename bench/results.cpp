#include "bench/results.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>

namespace tconv::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "tconv-results/1";

/// What must agree before rows of two runs may stand in one file.
constexpr std::array kIdentity{"backend", "device",         "git",        "data",
                               "seed",    "device_profile", "verify_only"};

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

template <class T, class Convert>
Json or_null(const std::optional<T>& value, Convert convert) {
  return value ? Json(convert(*value)) : Json();
}

Json check_json(const Check& check) {
  return {{"mode", check.data == DataMode::int_exact ? "int" : "real"},
          {"max_abs", finite(check.max_abs)},
          {"max_rel_to_bound", finite(check.max_rel_to_bound)},
          {"rms", finite(check.rms)},
          {"mismatches", check.mismatches},
          {"deterministic", or_null(check.deterministic, [](bool same) { return Json(same); })},
          {"ulp_spread", or_null(check.ulp_spread, [](int64_t ulps) { return Json(ulps); })}};
}

Json work_json(const Work& work) {
  return {{"flops_needed", work.flops_needed},
          {"flops_dense_input", work.flops_dense_input},
          {"flops_dense_output", work.flops_dense_output},
          {"bytes_compulsory", work.bytes_compulsory},
          {"workspace_bytes", work.workspace_bytes},
          {"macs_executed", work.macs_executed < 0 ? Json() : Json(work.macs_executed)}};
}

Json launches_json(const std::vector<LaunchCounters>& launches) {
  Json list = Json::array();
  for (const LaunchCounters& launch : launches)
    list.push_back({{"kernel", launch.kernel},
                    {"blocks", launch.blocks},
                    {"threads", launch.threads},
                    {"shared", launch.shared}});
  return list;
}

Json bound_json(const Bound& bound) {
  const auto& model = bound.model;
  return {{"us", finite(bound.us)},
          {"limiter", std::string(bound.limiter)},
          {"floor_us", finite(bound.floor_us)},
          {"efficiency", finite(bound.efficiency)},
          {"model_us", model ? finite(model->us) : Json()},
          {"model_limiter", model ? Json(std::string(model->limiter)) : Json()},
          {"model_efficiency", model ? finite(model->efficiency) : Json()}};
}

Json summary_json(const Summary& summary) {
  const auto interval = [](const auto& ci) { return Json::array({ci.first, ci.second}); };
  return {{"n", summary.samples.size()},        {"discarded", summary.discarded},
          {"min", finite(summary.min)},         {"median", finite(summary.median)},
          {"p05", finite(summary.p05)},         {"p95", finite(summary.p95)},
          {"cov", finite(summary.cov)},         {"ci95", or_null(summary.ci95, interval)},
          {"stop_reason", summary.stop_reason}, {"samples", summary.samples}};
}

Json time_json(const Times& time) {
  return {{"cold", or_null(time.cold, summary_json)},
          {"hot", or_null(time.hot, summary_json)},
          {"graph", or_null(time.graph, summary_json)},
          {"prepare_us", or_null(time.prepare_us, finite)}};
}

Json key_of(const Row& row) {
  return {{"op", std::string(to_string(row.strategy->op))},
          {"strategy", row.strategy->name},
          {"dtype", std::string(to_string(row.config.dtype))},
          {"layout", std::string(to_string(row.config.layout))},
          {"epilogue", std::string(to_string(row.config.epilogue))},
          {"problem", row.problem.str()},
          {"layer", text_or_null(row.problem.name)}};
}

bool same_key(const Json& entry, const Json& key) {
  for (const auto& [name, value] : key.items()) {
    // Rows from before there were epilogues have none.
    const Json otherwise = name == "epilogue" ? Json(to_string(Epilogue::none)) : Json();
    if (entry.value(name, otherwise) != value) return false;
  }
  return true;
}

void require_results_document(const Json& document, const std::filesystem::path& path) {
  const bool valid =
      document.is_object() && document.value("schema", Json()) == kSchema &&
      document.contains("context") && document["context"].is_object() &&
      document.contains("results") && document["results"].is_array() &&
      std::all_of(document["results"].begin(), document["results"].end(), [](const Json& row) {
        return row.is_object() && row.value("status", Json()).is_string();
      });
  if (!valid)
    throw ResultsError(fmt::format("{}: not a results file of schema {}", path.string(), kSchema));
}

}  // namespace

Json to_json(const RowResult& result) {
  Json entry = key_of(result.row);
  entry["status"] = std::string(to_string(result.status));
  entry["reason"] = text_or_null(result.reason);
  entry["repro"] = result.repro;
  entry["note"] = text_or_null(result.note);
  entry["check"] = or_null(result.check, check_json);
  entry["work"] = or_null(result.work, work_json);
  entry["counters"] = or_null(result.counters, [](const auto& counters) { return Json(counters); });
  entry["launches"] = result.launches.empty() ? Json() : launches_json(result.launches);
  entry["bound"] = or_null(result.bound, bound_json);
  entry["time"] = or_null(result.time, time_json);
  return entry;
}

ResultsFile::ResultsFile(std::filesystem::path path, Json context) : path_(std::move(path)) {
  document_["schema"] = std::string(kSchema);
  document_["context"] = std::move(context);
  document_["results"] = Json::array();
}

void ResultsFile::resume() {
  std::ifstream file(path_);
  if (!file) return;
  const Json earlier = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  require_results_document(earlier, path_);
  for (const char* field : kIdentity) {
    const Json before = earlier["context"].value(field, Json());
    const Json now = document_["context"].value(field, Json());
    if (before != now) {
      throw ResultsError(
          fmt::format("{}: its rows were made with {} {}, this run has {}; choose another --out",
                      path_.string(), field, before.dump(), now.dump()));
    }
  }
  document_["results"] = earlier["results"];
}

const Json* ResultsFile::find(const Row& row) const {
  const Json key = key_of(row);
  for (const Json& entry : document_["results"]) {
    if (same_key(entry, key)) return &entry;
  }
  return nullptr;
}

bool ResultsFile::has(const Row& row) const {
  const Json* entry = find(row);
  return entry != nullptr && entry->value("status", Json()) != to_string(Status::error);
}

void ResultsFile::add(const RowResult& result) {
  const Json key = key_of(result.row);
  Json entry = to_json(result);
  for (Json& old : document_["results"]) {
    if (!same_key(old, key)) continue;
    old = std::move(entry);
    write();
    return;
  }
  document_["results"].push_back(std::move(entry));
  write();
}

void ResultsFile::write() const {
  if (path_.empty()) return;
  // In the same folder, so that the rename cannot cross file systems; with the pid, so that two
  // runs do not share it.
  const std::filesystem::path draft = path_.string() + fmt::format(".{}.tmp", ::getpid());
  {
    std::ofstream file(draft);
    file << document_.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
    file.close();
    if (!file) throw ResultsError("cannot write " + draft.string());
  }
  std::error_code failure;
  std::filesystem::rename(draft, path_, failure);
  if (failure) {
    std::error_code ignored;
    std::filesystem::remove(draft, ignored);
    throw ResultsError(fmt::format("cannot replace {}: {}", path_.string(), failure.message()));
  }
}

}  // namespace tconv::bench
